import { PRIORITIES, type Priority } from '@breakwater/kernel';
import type { Abortable } from './abort-links.ts';
import type { Admission, AdmissionWaiter, QueueRefusal } from './admission.ts';
import { Attempt } from './attempt.ts';
import { type Breaker, NO_PERMIT } from './breaker.ts';
import type { CallContext, CallMeta } from './call-context.ts';
import { CallWaits, NEVER_WAITED } from './call-waits.ts';
import type { Expiring, ExpiryHolder } from './deadline-list.ts';
import { FailedOutcome } from './failed-outcome.ts';
import type { Place } from './fair-line.ts';
import type { CallOptions } from './inner-call.ts';
import { judgeAnswer } from './judge-answer.ts';
import type { OperationCount } from './operation-count.ts';
import type { PipelineCore } from './pipeline-core.ts';
import type { RejectionCode, RejectionReason } from './rejections.ts';
import { Pause, planRepeatMs } from './repetition.ts';
import type { ResilienceError } from './resilience-error.ts';
import { CANCELED, type Settlement, SUCCESS, TIMEOUT, type Verdict } from './verdict.ts';

/** `waiting`: in the queue of the gate. */
type Phase = 'active' | 'waiting' | 'done';

const RESOLVED = Promise.resolve();
const NO_ERROR = (): undefined => undefined;

/** The permit of a call that no breaker guards. */
const UNGUARDED = 1;
const NORMAL_LEVEL = PRIORITIES.indexOf('normal');
/** A parked call may be silent for minutes; as a probe it would hold up every other one for so long. */
const PARKED_LEASE_MS = 5_000;

/**
 * One call on its way through the whole pipeline: the layers are steps of this object and not functions around each other, because
 * each layer of promises costs as much as everything else here together.
 */
export class Call implements AdmissionWaiter, Expiring, Abortable {
  readonly #core: PipelineCore;
  readonly #callee: (context: CallContext) => unknown;
  readonly #options: CallOptions;
  #resolve: ((value: unknown) => void) | null = null;
  /** Null: a failure is an outcome too, and what is resolved with is one. */
  #reject: ((error: unknown) => void) | null = null;
  readonly #isParked: boolean;
  readonly level: number;
  place: Place | null = null;
  expiry: ExpiryHolder | null = null;
  /** End of the whole operation; `Infinity` without a deadline. */
  expiresAtMs = Number.POSITIVE_INFINITY;
  earlier: Expiring | null = null;
  later: Expiring | null = null;
  #phase: Phase = 'active';
  #attempts = 0;
  #startedAtMs = 0;
  #waits = NEVER_WAITED;
  #pause: Pause | null = null;
  #running: Attempt | null = null;
  /** Null where the breaker counts attempts. */
  readonly #operation: OperationCount | null;

  constructor(core: PipelineCore, callee: (context: CallContext) => unknown, options: CallOptions) {
    this.#core = core;
    this.#callee = callee;
    this.#options = options;
    this.#isParked = options.lane === 'parked';
    this.#operation = core.createOperationCount();
    this.level = options.priority === undefined ? NORMAL_LEVEL : PRIORITIES.indexOf(options.priority);
  }

  get op(): string {
    return this.#options.op ?? 'call';
  }

  get key(): string {
    return this.#core.key;
  }

  get idempotent(): boolean {
    return this.#options.idempotent === true;
  }

  get priority(): Priority {
    return this.#options.priority ?? 'normal';
  }

  get fairKey(): string | undefined {
    return this.#options.fairKey;
  }

  get waitingSinceMs(): number {
    return this.#waits.sinceMs;
  }

  nowMs(): number {
    return this.#core.clock.now();
  }

  meta(): CallMeta {
    const waitedMs = this.#waits.totalMs;
    // What was turned away where it came took no time.
    const tookMs = this.#attempts === 0 && this.#waits === NEVER_WAITED ? 0 : this.nowMs() - this.#startedAtMs;
    return { attempts: this.#attempts, waitedMs, tookMs };
  }

  /** Exactly one of the two is called, once. Without `reject`, outcomes are what is resolved with. */
  start(resolve: (value: unknown) => void, reject: ((error: unknown) => void) | null): void {
    const core = this.#core;
    this.#resolve = resolve;
    this.#reject = reject;
    const nowMs = core.clock.now();
    this.#startedAtMs = nowMs;
    core.counts.total++;
    core.retryBudget?.earn();
    const { signal, leftMs } = this.#options;
    const deadlineMs = leftMs ?? this.#options.deadlineMs ?? (this.#isParked ? undefined : core.spec.deadlineMs);
    if (signal?.aborted === true) {
      this.onAborted();
    } else if (deadlineMs !== undefined && deadlineMs <= 0) {
      this.#end('RESILIENCE_DEADLINE');
    } else {
      if (signal !== undefined) core.aborts.add(signal, this);
      // What is left of another call is hardly ever the same twice, so it is no duration for a list.
      if (leftMs !== undefined) core.deadlines.addSingle(this, leftMs, nowMs);
      else if (deadlineMs !== undefined) core.deadlines.add(this, deadlineMs, nowMs);
      this.#enter(nowMs);
    }
  }

  /** The caller's signal has aborted. */
  onAborted(): void {
    const reason: unknown = this.#options.signal?.reason;
    const running = this.#takeRunning();
    this.#finish();
    if (running === null) {
      this.#core.counts.canceled++;
    } else {
      running.nowMs = this.nowMs();
      this.#judge(running, CANCELED);
      this.#abandon(running, { reason, because: 'canceled' });
    }
    this.#fail('canceled', () => reason);
  }

  /** The deadline has passed. */
  onExpired(nowMs: number): void {
    const error = this.#createError('RESILIENCE_DEADLINE');
    const running = this.#takeRunning();
    this.#finish();
    if (running === null) {
      this.#core.countRejection(this, 'RESILIENCE_DEADLINE');
    } else {
      // Cut short of its own timeout, an attempt proves nothing, and neither does what was left of another call; without these, the
      // deadline is the only judge of a server that hangs.
      const isJudge = running.timeoutMs === undefined && this.#options.leftMs === undefined;
      running.nowMs = nowMs;
      this.#judge(running, isJudge ? TIMEOUT : CANCELED, { timeoutMs: nowMs - running.startedAtMs });
      this.#abandon(running, { reason: error, because: 'deadline' });
    }
    this.#fail(running === null ? 'rejected' : 'timeout', () => error);
  }

  begin(nowMs: number): boolean {
    const waitedMs = this.#waits.end(nowMs);
    if (this.expiresAtMs !== Number.POSITIVE_INFINITY && this.expiresAtMs - nowMs < this.#core.leastLatencyMs()) {
      this.#phase = 'active';
      this.#end('RESILIENCE_DEADLINE', { why: 'unmeetable' });
      return false;
    }
    // Asked again, because the breaker may have opened while the call waited; the wait must not turn into a call.
    const permit = this.#takePermit(nowMs);
    if (permit === NO_PERMIT) return false;
    this.#core.gate?.noteBegun(this, { nowMs, waitedMs });
    this.#launch(permit, nowMs);
    return true;
  }

  turnAway(refusal: QueueRefusal): void {
    this.#end('RESILIENCE_QUEUE_FULL', refusal);
  }

  recheck(nowMs: number): void {
    const { breaker, isClosed } = this.#core;
    if (this.#isDone()) return;
    if (isClosed) {
      this.#end('RESILIENCE_CLOSED');
    } else if (breaker?.mayAdmit(nowMs) === false) {
      this.#rejectOpen(breaker, nowMs);
    }
  }

  onAttemptTimeout(attempt: Attempt): void {
    const error = this.#createError('RESILIENCE_ATTEMPT_TIMEOUT');
    this.#running = null;
    this.#judge(attempt, TIMEOUT, attempt);
    this.#abandon(attempt, { reason: error, because: 'timeout' });
    if (!this.#isDone() && !this.#pauseBeforeRepeat(TIMEOUT, { error, nowMs: attempt.nowMs })) {
      this.#finish();
      this.#fail('timeout', () => error);
    }
  }

  onAttemptAnswered(attempt: Attempt, value: unknown): void {
    this.#running = null;
    if (this.#core.spec.classify !== undefined) {
      this.onAttemptEnded(attempt, { ok: true, value });
      return;
    }
    this.#judge(attempt, SUCCESS);
    if (!this.#isDone()) {
      this.#finish();
      this.#succeed(value, 'success');
    }
    this.#releaseSlot(attempt.nowMs);
  }

  onAttemptEnded(attempt: Attempt, answer: Settlement): void {
    const { nowMs } = attempt;
    this.#running = null;
    const { settlement, verdict, timeoutMs } = judgeAnswer(this.#core.spec, answer, attempt);
    const error = settlement.ok ? undefined : settlement.error;
    this.#judge(attempt, verdict, { timeoutMs });
    if (!this.#isDone() && (verdict.kind === 'success' || !this.#pauseBeforeRepeat(verdict, { error, nowMs }))) {
      this.#finish();
      if (settlement.ok) this.#succeed(settlement.value, verdict.kind);
      else this.#fail(verdict.kind, () => error);
    }
    this.#releaseSlot(nowMs);
  }

  /** Last of all, because it starts other calls, and their callees may do anything, aborting this call included. */
  #releaseSlot(nowMs: number): void {
    if (!this.#isParked) this.#core.gate?.release(this.level, nowMs);
  }

  onAbandonedEnded(nowMs: number): void {
    this.#core.counts.abandoned--;
    this.#releaseSlot(nowMs);
  }

  #enter(nowMs: number): void {
    const { breaker, gate, isClosed } = this.#core;
    if (isClosed) {
      this.#end('RESILIENCE_CLOSED');
    } else if (breaker !== null && !breaker.mayAdmit(nowMs)) {
      this.#askOrReject(breaker, nowMs);
    } else if (gate === null || this.#isParked) {
      const permit = this.#takePermit(nowMs);
      if (permit !== NO_PERMIT) this.#launch(permit, nowMs);
    } else if (gate.tryEnter(this, nowMs)) {
      const permit = this.#takePermit(nowMs);
      if (permit === NO_PERMIT) gate.release(this.level, nowMs);
      else this.#launch(permit, nowMs);
    } else {
      this.#queue(gate, nowMs);
    }
  }

  #askOrReject(breaker: Breaker, nowMs: number): void {
    const isAsking = breaker.awaitLease(() => {
      if (!this.#isDone()) this.#enter(this.nowMs());
    });
    if (!isAsking) this.#rejectOpen(breaker, nowMs);
  }

  #rejectOpen(breaker: Breaker, nowMs: number): void {
    breaker.countRejection();
    this.#end('RESILIENCE_CIRCUIT_OPEN', { retryAfterMs: breaker.retryAfterMs(nowMs) });
  }

  #queue(gate: Admission, nowMs: number): void {
    const refusal = gate.refusal(this, nowMs);
    if (refusal !== null) {
      this.#end('RESILIENCE_QUEUE_FULL', refusal);
      return;
    }
    this.#phase = 'waiting';
    if (this.#waits === NEVER_WAITED) this.#waits = new CallWaits(nowMs);
    this.#waits.queuedAtMs = nowMs;
    gate.enqueue(this, nowMs);
  }

  /** `NO_PERMIT`: the call has ended. */
  #takePermit(nowMs: number): number {
    const { breaker } = this.#core;
    this.#phase = 'active';
    if (breaker === null) return UNGUARDED;
    const permit = this.#isParked ? breaker.admit(nowMs, PARKED_LEASE_MS) : breaker.admit(nowMs);
    if (permit === NO_PERMIT) {
      this.#end('RESILIENCE_CIRCUIT_OPEN', { retryAfterMs: breaker.retryAfterMs(nowMs) });
      return NO_PERMIT;
    }
    if (!this.#isDone()) return permit;
    // Whoever heard that the breaker is half-open has canceled the call.
    breaker.settle(permit, CANCELED, { nowMs, startedAtMs: nowMs });
    return NO_PERMIT;
  }

  #launch(permit: number, nowMs: number): void {
    const { op, timeoutMs: askedMs } = this.#options;
    const timeoutMs = askedMs ?? (this.#isParked ? undefined : this.#core.timeoutMsOf(op));
    if (this.#isParked) this.#core.gate?.countParked(nowMs);
    this.#attempts++;
    const attempt = new Attempt(this, { number: this.#attempts, startedAtMs: nowMs, permit, timeoutMs });
    this.#running = attempt;
    if (timeoutMs !== undefined) this.#core.deadlines.add(attempt, timeoutMs, nowMs);
    attempt.run(this.#callee);
  }

  /** `timeoutMs`: the one that the server named or that the attempt ran into. */
  #judge(attempt: Attempt, verdict: Verdict, known?: { readonly timeoutMs: number | undefined }): void {
    const core = this.#core;
    const { startedAtMs, nowMs } = attempt;
    core.countAttempt(verdict, this.#isParked ? null : nowMs - startedAtMs);
    if (!this.#isParked) {
      const { op, timeoutMs: ownTimeoutMs } = this.#options;
      if (core.adaptiveTimeout !== null && ownTimeoutMs === undefined) core.learnTimeout(op, verdict, nowMs - startedAtMs);
      if (core.gate?.hasLimiter === true) core.gate.learn({ verdict, op: this.op, startedAtMs, nowMs, timeoutMs: known?.timeoutMs });
    }
    if (verdict.kind === 'throttled') core.breaker?.passOn(verdict);
    if (this.#operation === null) core.breaker?.settle(attempt.permit, verdict, attempt);
    else this.#operation.noteAttempt(attempt, verdict);
  }

  #abandon(attempt: Attempt, why: { readonly reason: unknown; readonly because: 'timeout' | 'deadline' | 'canceled' }): void {
    this.#core.noteAbandoned(attempt, { op: this.op, because: why.because });
    attempt.abandon(why.reason);
  }

  /** False: the call ends with what it has. */
  #pauseBeforeRepeat(verdict: Verdict, failed: { readonly error: unknown; readonly nowMs: number }): boolean {
    const core = this.#core;
    const { retry } = core.spec;
    if (retry === undefined || !this.idempotent || this.#isParked) return false;
    const { op, expiresAtMs } = this;
    const attempt = this.#attempts;
    const previousMs = this.#pause?.delayMs ?? 0;
    const delayMs = planRepeatMs(core, { retry, verdict, attempts: attempt, previousMs, nowMs: failed.nowMs, expiresAtMs });
    if (delayMs === null) return false;
    core.counts.retries++;
    this.#pause = new Pause(core.clock, delayMs, () => this.#enter(this.nowMs()));
    if (core.hears('call.retried')) {
      core.emit({ kind: 'call.retried', op, attempt, attempts: retry.attempts, delayMs, verdict, error: failed.error });
    }
    return true;
  }

  #takeRunning(): Attempt | null {
    const running = this.#running;
    this.#running = null;
    return running;
  }

  #end(code: RejectionCode, facts?: RejectionReason): void {
    this.#finish();
    this.#core.countRejection(this, code);
    this.#fail('rejected', () => this.#createError(code, facts));
  }

  #succeed(value: unknown, outcome: Verdict['kind']): void {
    this.#conclude(outcome, NO_ERROR);
    this.#resolve?.(this.#reject === null ? { ok: true, value, meta: this.meta() } : value);
  }

  /** `createError` is called only where somebody wants the error. */
  #fail(outcome: Verdict['kind'] | 'rejected', createError: () => unknown): void {
    this.#conclude(outcome, createError);
    const reject = this.#reject;
    if (reject === null) this.#resolve?.(new FailedOutcome(createError, this.meta()));
    // One turn later the caller listens, which spares Node the bookkeeping of an unhandled rejection.
    else void RESOLVED.then(() => reject(createError()));
  }

  #conclude(outcome: Verdict['kind'] | 'rejected', createError: () => unknown): void {
    if (outcome !== 'canceled') this.#operation?.end();
    if (!this.#core.hears('call.ended')) return;
    this.#core.emit({ kind: 'call.ended', op: this.op, priority: this.priority, outcome, ...this.meta(), error: createError() });
  }

  /** A method, because the compiler does not see that others may end the call while it is being judged. */
  #isDone(): boolean {
    return this.#phase === 'done';
  }

  /** First of all that ends a call: from here on nothing can end it again, whatever a listener does. */
  #finish(): void {
    if (this.#phase === 'waiting') {
      this.#core.gate?.remove(this);
      this.#waits.end(this.nowMs());
    }
    this.#phase = 'done';
    this.#pause?.cancel();
    this.expiry?.remove(this);
    const { signal } = this.#options;
    if (signal !== undefined) this.#core.aborts.remove(signal, this);
  }

  #createError(code: RejectionCode, facts?: RejectionReason): ResilienceError {
    return this.#core.rejections.create(code, { op: this.op, attempts: this.#attempts, ...facts });
  }
}
