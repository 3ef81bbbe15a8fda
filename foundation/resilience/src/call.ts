import { PRIORITIES, type Priority, type TimerHandle } from '@breakwater/kernel';
import type { AdmissionWaiter } from './admission.ts';
import { Attempt } from './attempt.ts';
import { type Breaker, NO_PERMIT } from './breaker.ts';
import type { CallContext, CallMeta, RunOptions } from './call-context.ts';
import type { Expiring, ExpiryHolder } from './deadline-list.ts';
import type { PipelineCore } from './pipeline-core.ts';
import type { RejectionCode } from './rejections.ts';
import type { ResilienceError } from './resilience-error.ts';
import { decideRetryMs } from './retry.ts';
import { parseTimeoutHintMs } from './timeout-hint.ts';
import { classifyByDefault, type Settlement, type Verdict } from './verdict.ts';
import type { Waiter } from './waiting-queue.ts';

/** Where a call's result goes. Exactly one of them is called, once. */
export interface CallSink {
  succeed(value: unknown, call: Call): void;
  /** `createError` is called at most once, and only where somebody wants the error. */
  fail(createError: () => unknown, call: Call): void;
}

type Phase = 'new' | 'asking' | 'waiting' | 'running' | 'pausing' | 'done';

const SUCCESS: Verdict = { kind: 'success' };
const TIMEOUT: Verdict = { kind: 'timeout' };
const CANCELED: Verdict = { kind: 'canceled' };
const IGNORED: Verdict = { kind: 'ignored' };

const DEFAULT_ABANDONED_MS = 60_000;
/** The permit of a call that no breaker guards. */
const UNGUARDED = 1;
/** A parked call may be silent for minutes; as a probe it would hold up every other one for so long. */
const PARKED_LEASE_MS = 5_000;

/**
 * One call on its way through the whole pipeline: the layers are steps of this object and not functions around each other, because
 * each layer of promises costs as much as everything else here together.
 */
export class Call implements AdmissionWaiter, Expiring {
  readonly #core: PipelineCore;
  readonly #callee: (context: CallContext) => unknown;
  readonly #options: RunOptions;
  readonly #sink: CallSink;
  readonly #isParked: boolean;
  readonly priority: Priority;
  readonly level: number;
  waitingSinceMs = -1;
  ahead: Waiter | null = null;
  behind: Waiter | null = null;
  expiry: ExpiryHolder | null = null;
  /** End of the whole operation; `Infinity` without a deadline. */
  expiresAtMs = Number.POSITIVE_INFINITY;
  earlier: Expiring | null = null;
  later: Expiring | null = null;
  #phase: Phase = 'new';
  #attempts = 0;
  #startedAtMs = 0;
  #waitedMs = 0;
  #queuedAtMs = 0;
  #pauseMs = 0;
  #pause: TimerHandle | null = null;
  #running: Attempt | null = null;

  constructor(
    core: PipelineCore,
    callee: (context: CallContext) => unknown,
    options: { readonly run: RunOptions; readonly sink: CallSink },
  ) {
    this.#core = core;
    this.#callee = callee;
    this.#options = options.run;
    this.#sink = options.sink;
    this.#isParked = options.run.lane === 'parked';
    this.priority = options.run.priority ?? 'normal';
    this.level = PRIORITIES.indexOf(this.priority);
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

  get endsAtMs(): number {
    return this.expiresAtMs;
  }

  nowMs(): number {
    return this.#core.clock.now();
  }

  meta(): CallMeta {
    return { attempts: this.#attempts, waitedMs: this.#waitedMs, tookMs: this.nowMs() - this.#startedAtMs };
  }

  start(): void {
    const core = this.#core;
    const nowMs = core.clock.now();
    this.#startedAtMs = nowMs;
    core.counts.total++;
    core.retryBudget?.earn();
    const { signal } = this.#options;
    const deadlineMs = this.#options.deadlineMs ?? (this.#isParked ? undefined : core.spec.deadlineMs);
    if (signal?.aborted === true) {
      this.handleEvent();
    } else if (deadlineMs !== undefined && deadlineMs <= 0) {
      this.#reject('RESILIENCE_DEADLINE', undefined);
    } else {
      signal?.addEventListener('abort', this);
      if (deadlineMs !== undefined) core.deadlines.add(this, deadlineMs, nowMs);
      this.#enter(nowMs);
    }
  }

  /** The caller's signal has aborted. */
  handleEvent(): void {
    const reason: unknown = this.#options.signal?.reason;
    const running = this.#takeRunning();
    this.#finish();
    if (running === null) {
      this.#core.counts.canceled++;
    } else {
      this.#judge(running, { verdict: CANCELED, nowMs: this.nowMs() });
      this.#abandon(running, { reason, because: 'canceled' });
    }
    this.#tellEnded('canceled', reason);
    this.#sink.fail(() => reason, this);
  }

  /** The deadline has passed. */
  onExpired(nowMs: number): void {
    const error = this.#createError('RESILIENCE_DEADLINE', undefined);
    const running = this.#takeRunning();
    this.#finish();
    if (running === null) {
      this.#core.countRejection(this, 'RESILIENCE_DEADLINE');
    } else {
      // Cut short of its own timeout, an attempt proves nothing; without one, the deadline is the only judge of a server that hangs.
      const verdict = running.timeoutMs === undefined ? TIMEOUT : CANCELED;
      this.#judge(running, { verdict, nowMs, timeoutMs: nowMs - running.startedAtMs });
      this.#abandon(running, { reason: error, because: 'deadline' });
    }
    this.#tellEnded(running === null ? 'rejected' : 'timeout', error);
    this.#sink.fail(() => error, this);
  }

  begin(nowMs: number): boolean {
    const waitedMs = nowMs - this.#queuedAtMs;
    // Asked again, because the breaker may have opened while the call waited; the wait must not turn into a call.
    const permit = this.#takePermit(nowMs);
    if (permit === NO_PERMIT) return false;
    this.#waitedMs += waitedMs;
    this.#core.gate?.noteBegun(this, { nowMs, waitedMs });
    this.#launch(permit, nowMs);
    return true;
  }

  turnAway(): void {
    this.#reject('RESILIENCE_QUEUE_FULL', undefined);
  }

  recheck(nowMs: number): void {
    const { breaker, isClosed } = this.#core;
    if (this.#isDone()) return;
    if (isClosed) {
      this.#reject('RESILIENCE_CLOSED', undefined);
    } else if (breaker?.mayAdmit(nowMs) === false) {
      breaker.countRejection();
      this.#reject('RESILIENCE_CIRCUIT_OPEN', breaker.retryAfterMs(nowMs));
    }
  }

  onAttemptTimeout(attempt: Attempt, nowMs: number): void {
    const error = this.#createError('RESILIENCE_ATTEMPT_TIMEOUT', undefined);
    this.#running = null;
    this.#judge(attempt, { verdict: TIMEOUT, nowMs, timeoutMs: attempt.timeoutMs });
    this.#abandon(attempt, { reason: error, because: 'timeout' });
    if (!this.#isDone() && !this.#pauseBeforeRepeat(TIMEOUT, { error, nowMs })) {
      this.#finish();
      this.#tellEnded('timeout', error);
      this.#sink.fail(() => error, this);
    }
  }

  onAttemptEnded(attempt: Attempt, answer: Settlement, nowMs: number): void {
    this.#running = null;
    const { settlement, verdict } = this.#classify(answer, attempt);
    const error = settlement.ok ? undefined : settlement.error;
    this.#judge(attempt, { verdict, nowMs, timeoutMs: isRejection(verdict) ? toHintMs(error) : undefined });
    if (!this.#isDone() && (verdict.kind === 'success' || !this.#pauseBeforeRepeat(verdict, { error, nowMs }))) {
      this.#finish();
      this.#tellEnded(verdict.kind, error);
      if (settlement.ok) this.#sink.succeed(settlement.value, this);
      else this.#sink.fail(() => error, this);
    }
    // Last, because it starts other calls, and their callees may do anything, aborting this call included.
    if (!this.#isParked) this.#core.gate?.release(this.level, nowMs);
  }

  onAbandonedEnded(nowMs: number): void {
    this.#core.counts.abandoned--;
    if (!this.#isParked) this.#core.gate?.release(this.level, nowMs);
  }

  #enter(nowMs: number): void {
    const { breaker, gate, isClosed } = this.#core;
    if (isClosed) {
      this.#reject('RESILIENCE_CLOSED', undefined);
    } else if (breaker !== null && !breaker.mayAdmit(nowMs)) {
      this.#askOrReject(breaker, nowMs);
    } else if (gate === null || this.#isParked) {
      const permit = this.#takePermit(nowMs);
      if (permit !== NO_PERMIT) this.#launch(permit, nowMs);
    } else if (gate.tryEnter(this.priority, { level: this.level, nowMs })) {
      const permit = this.#takePermit(nowMs);
      if (permit === NO_PERMIT) gate.release(this.level, nowMs);
      else this.#launch(permit, nowMs);
    } else if (gate.mayWait(this.level)) {
      this.#phase = 'waiting';
      this.#queuedAtMs = nowMs;
      if (this.waitingSinceMs < 0) this.waitingSinceMs = nowMs;
      gate.enqueue(this, nowMs);
    } else {
      this.#reject('RESILIENCE_QUEUE_FULL', undefined);
    }
  }

  #askOrReject(breaker: Breaker, nowMs: number): void {
    const isAsking = breaker.awaitLease(() => {
      if (!this.#isDone()) this.#enter(this.nowMs());
    });
    if (isAsking) {
      this.#phase = 'asking';
      return;
    }
    breaker.countRejection();
    this.#reject('RESILIENCE_CIRCUIT_OPEN', breaker.retryAfterMs(nowMs));
  }

  /** `NO_PERMIT`: the call has ended. */
  #takePermit(nowMs: number): number {
    const { breaker } = this.#core;
    this.#phase = 'running';
    if (breaker === null) return UNGUARDED;
    const permit = this.#isParked ? breaker.admit(nowMs, PARKED_LEASE_MS) : breaker.admit(nowMs);
    if (permit === NO_PERMIT) {
      this.#reject('RESILIENCE_CIRCUIT_OPEN', breaker.retryAfterMs(nowMs));
      return NO_PERMIT;
    }
    if (!this.#isDone()) return permit;
    // Whoever heard that the breaker is half-open has canceled the call.
    breaker.settle(permit, CANCELED, { nowMs, startedAtMs: nowMs });
    return NO_PERMIT;
  }

  #launch(permit: number, nowMs: number): void {
    const timeoutMs = this.#options.timeoutMs ?? (this.#isParked ? undefined : this.#usualTimeoutMs());
    this.#attempts++;
    const attempt = new Attempt(this, { number: this.#attempts, startedAtMs: nowMs, permit, timeoutMs });
    this.#phase = 'running';
    this.#running = attempt;
    if (timeoutMs !== undefined) this.#core.deadlines.add(attempt, timeoutMs, nowMs);
    attempt.run(this.#callee);
  }

  #usualTimeoutMs(): number | undefined {
    const { adaptiveTimeout, spec } = this.#core;
    return adaptiveTimeout === null ? spec.attempt?.timeoutMs : adaptiveTimeout.timeoutMs;
  }

  #classify(settlement: Settlement, attempt: Attempt): { readonly settlement: Settlement; readonly verdict: Verdict } {
    const { classify } = this.#core.spec;
    if (classify === undefined) return { settlement, verdict: settlement.ok ? SUCCESS : classifyByDefault(settlement) };
    try {
      return { settlement, verdict: classify(settlement, attempt) };
    } catch (error) {
      // A classifier that throws is a defect on our side: the caller hears of it, the server is not blamed.
      return { settlement: { ok: false, error }, verdict: IGNORED };
    }
  }

  #judge(attempt: Attempt, end: { readonly verdict: Verdict; readonly nowMs: number; readonly timeoutMs?: number | undefined }): void {
    const core = this.#core;
    const { verdict, nowMs } = end;
    const { startedAtMs } = attempt;
    core.countVerdict(verdict);
    if (verdict.kind === 'success' && !this.#isParked) core.latency.add(nowMs - startedAtMs);
    if (verdict.kind !== 'canceled' && !this.#isParked) core.durations.add(nowMs - startedAtMs);
    if (core.adaptiveTimeout !== null) this.#learnTimeout(attempt, { verdict, nowMs });
    core.breaker?.settle(attempt.permit, verdict, { nowMs, startedAtMs });
    if (!this.#isParked) core.gate?.learn({ verdict, op: this.op, startedAtMs, nowMs, timeoutMs: end.timeoutMs });
  }

  #learnTimeout(attempt: Attempt, end: { readonly verdict: Verdict; readonly nowMs: number }): void {
    const { kind } = end.verdict;
    if (this.#isParked || this.#options.timeoutMs !== undefined || (kind !== 'success' && kind !== 'timeout')) return;
    this.#core.adaptiveTimeout?.add(end.nowMs - attempt.startedAtMs);
  }

  #abandon(attempt: Attempt, why: { readonly reason: unknown; readonly because: 'timeout' | 'deadline' | 'canceled' }): void {
    const core = this.#core;
    attempt.expiry?.remove(attempt);
    core.counts.abandoned++;
    core.deadlines.add(attempt, core.spec.attempt?.abandonedMs ?? DEFAULT_ABANDONED_MS, this.nowMs());
    if (core.hears('attempt.abandoned'))
      core.emit({ kind: 'attempt.abandoned', op: this.op, attempt: attempt.attempt, reason: why.because });
    attempt.abandon(why.reason);
  }

  /** False: the call ends with what it has. */
  #pauseBeforeRepeat(verdict: Verdict, failed: { readonly error: unknown; readonly nowMs: number }): boolean {
    const core = this.#core;
    const { retry } = core.spec;
    if (retry === undefined || !this.idempotent || this.#isParked || this.#attempts >= retry.attempts) return false;
    const delayMs = decideRetryMs(retry, { verdict, retry: this.#attempts - 1, previousMs: this.#pauseMs, random: core.random });
    if (delayMs === null) return false;
    if (failed.nowMs + delayMs >= this.expiresAtMs) return false;
    // A breaker known to stay open beyond the pause would only turn this error into a less telling one.
    if (core.breaker !== null && core.breaker.retryAfterMs(failed.nowMs) > delayMs) return false;
    // Last, so that a token is taken only for what is really repeated.
    if (core.retryBudget?.tryTake(failed.nowMs) === false) return false;
    core.counts.retries++;
    this.#phase = 'pausing';
    this.#pauseMs = delayMs;
    this.#pause = core.clock.after(
      delayMs,
      () => {
        this.#pause = null;
        this.#enter(this.nowMs());
      },
      { keepAlive: true },
    );
    if (core.hears('call.retried')) {
      const { op } = this;
      core.emit({ kind: 'call.retried', op, attempt: this.#attempts, attempts: retry.attempts, delayMs, verdict, error: failed.error });
    }
    return true;
  }

  #takeRunning(): Attempt | null {
    const running = this.#running;
    this.#running = null;
    return running;
  }

  #reject(code: RejectionCode, retryAfterMs: number | undefined): void {
    this.#finish();
    this.#core.countRejection(this, code);
    if (this.#core.hears('call.ended')) this.#tellEnded('rejected', this.#createError(code, retryAfterMs));
    this.#sink.fail(() => this.#createError(code, retryAfterMs), this);
  }

  #tellEnded(outcome: Verdict['kind'] | 'rejected', error: unknown): void {
    const core = this.#core;
    if (!core.hears('call.ended')) return;
    core.emit({ kind: 'call.ended', op: this.op, priority: this.priority, outcome, ...this.meta(), error });
  }

  /** A method, because the compiler does not see that others may end the call while it is being judged. */
  #isDone(): boolean {
    return this.#phase === 'done';
  }

  /** First of all that ends a call: from here on nothing can end it again, whatever a listener does. */
  #finish(): void {
    if (this.#phase === 'waiting') this.#core.gate?.remove(this);
    this.#phase = 'done';
    this.#pause?.cancel();
    this.#pause = null;
    this.expiry?.remove(this);
    this.#options.signal?.removeEventListener('abort', this);
  }

  #createError(code: RejectionCode, retryAfterMs: number | undefined): ResilienceError {
    return this.#core.rejections.create(code, { op: this.op, attempts: this.#attempts, retryAfterMs });
  }
}

function isRejection(verdict: Verdict): boolean {
  return verdict.kind === 'throttled' || verdict.kind === 'timeout';
}

function toHintMs(error: unknown): number | undefined {
  return error instanceof Error ? parseTimeoutHintMs(error.message) : undefined;
}
