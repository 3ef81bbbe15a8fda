import type { Clock, Priority, Random } from '@breakwater/kernel';
import { AbortLinks } from './abort-links.ts';
import { AdaptiveTimeout } from './adaptive-timeout.ts';
import { Admission } from './admission.ts';
import type { Attempt } from './attempt.ts';
import { Breaker } from './breaker.ts';
import type { BreakerChange } from './breaker-report.ts';
import { Deadlines } from './deadline-list.ts';
import { type EventListener, isHeardBy, type ResilienceEvent, tell } from './events.ts';
import { type CallFigures, CallTally, type LatencyHistogram } from './figures.ts';
import { OperationCount } from './operation-count.ts';
import { type RejectionCode, Rejections } from './rejections.ts';
import { RetryBudget, type RetryBudgetSpec } from './retry-budget.ts';
import type { SharedBreakers } from './shared-breakers.ts';
import type { PipelineSpec } from './spec.ts';
import type { Verdict } from './verdict.ts';

/** Beyond the attempt timeout: how long a probe may take to be noticed as ended. */
const LEASE_MARGIN_MS = 5_000;

const DEFAULT_ABANDONED_MS = 60_000;

/** What is quicker than all but one of twenty is not to be expected of a call. */
const LEAST_SHARE = 0.05;
const ENOUGH_LATENCIES = 20;

/** An event without what every event has. */
export type EventBody = ResilienceEvent extends infer E ? (E extends ResilienceEvent ? Omit<E, 'atWallMs' | 'key'> : never) : never;

export interface PipelineCoreOptions {
  readonly key: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly deadlines?: Deadlines | undefined;
  readonly onEvent?: EventListener | undefined;
  /** With whom the breaker shares its state. */
  readonly shared?: SharedBreakers | undefined;
  /** Name of what is protected among those. Default: `key`. */
  readonly sharedKey?: string | undefined;
}

/**
 * State that all calls of one pipeline share. Most servers of a large fleet are idle, so what only calls need is made with the first one
 * that needs it.
 */
export class PipelineCore {
  readonly spec: PipelineSpec;
  readonly key: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly breaker: Breaker | null;
  readonly gate: Admission | null;
  readonly retryBudget: RetryBudget | null;
  readonly adaptiveTimeout: AdaptiveTimeout | null;
  /** Nothing in the specification ends a call or makes it wait. */
  readonly isUntimed: boolean;
  readonly #onEvent: EventListener | undefined;
  /** Null where the breaker counts attempts. */
  readonly #operationBreaker: Breaker | null;
  #tally: CallTally | null = null;
  #aborts: AbortLinks | null = null;
  #deadlines: Deadlines | null;
  #rejections: Rejections | null = null;
  isClosed = false;

  constructor(spec: PipelineSpec, options: PipelineCoreOptions) {
    this.spec = spec;
    this.key = options.key;
    this.clock = options.clock;
    this.random = options.random;
    this.isUntimed = spec.admission === undefined && spec.attempt === undefined && spec.deadlineMs === undefined;
    this.#deadlines = options.deadlines ?? null;
    this.#onEvent = options.onEvent;
    this.breaker = spec.breaker === undefined ? null : this.#createBreaker(spec.breaker, options);
    this.#operationBreaker = spec.breaker?.counts === 'operation' ? this.breaker : null;
    const { attempt } = spec;
    this.adaptiveTimeout = attempt?.adaptive === undefined ? null : new AdaptiveTimeout(attempt.adaptive, { maxMs: attempt.timeoutMs });
    const budget = spec.retry?.budget;
    this.retryBudget = budget === undefined ? null : this.#createRetryBudget(budget, options);
    this.gate =
      spec.admission === undefined
        ? null
        : new Admission(spec.admission, { clock: this.clock, random: this.random, onLimiterChange: (change) => this.emit(change) });
  }

  get counts(): CallTally {
    this.#tally ??= new CallTally();
    return this.#tally;
  }

  get latency(): LatencyHistogram {
    return this.counts.latency;
  }

  get aborts(): AbortLinks {
    this.#aborts ??= new AbortLinks();
    return this.#aborts;
  }

  get deadlines(): Deadlines {
    this.#deadlines ??= new Deadlines(this.clock);
    return this.#deadlines;
  }

  get rejections(): Rejections {
    this.#rejections ??= new Rejections(this.key);
    return this.#rejections;
  }

  /** Asked first where an event costs something to make. */
  hears(kind: ResilienceEvent['kind']): boolean {
    return this.#onEvent !== undefined && isHeardBy(this.#onEvent, kind);
  }

  emit(body: EventBody): void {
    if (this.#onEvent === undefined || !isHeardBy(this.#onEvent, body.kind)) return;
    tell(this.#onEvent, { ...body, atWallMs: this.clock.wall(), key: this.key } as ResilienceEvent);
  }

  /** `tookMs`: null where the time says nothing, as with a parked call. */
  countAttempt(verdict: Verdict, tookMs: number | null): void {
    const { counts } = this;
    if (tookMs !== null && verdict.kind !== 'canceled') {
      counts.durations.add(tookMs);
      if (verdict.kind === 'success') counts.latency.add(tookMs);
    }
    switch (verdict.kind) {
      case 'success':
        counts.ok++;
        break;
      case 'failure':
        counts.failed++;
        break;
      case 'timeout':
        counts.timeout++;
        break;
      case 'throttled':
        counts.throttled++;
        break;
      case 'ignored':
        counts.ignored++;
        break;
      case 'canceled':
        counts.canceled++;
        break;
    }
  }

  /** Nobody waits for it any more, and it keeps its slot until it has ended or its time is over. */
  noteAbandoned(attempt: Attempt, { because, op }: { readonly op: string; readonly because: 'timeout' | 'deadline' | 'canceled' }): void {
    attempt.expiry?.remove(attempt);
    this.counts.abandoned++;
    this.deadlines.add(attempt, this.spec.attempt?.abandonedMs ?? DEFAULT_ABANDONED_MS, this.clock.now());
    if (this.hears('attempt.abandoned')) this.emit({ kind: 'attempt.abandoned', op, attempt: attempt.attempt, reason: because });
  }

  countRejection(call: { readonly op: string; readonly priority: Priority }, code: RejectionCode): void {
    this.counts.rejected++;
    if (this.hears('call.rejected')) this.emit({ kind: 'call.rejected', op: call.op, code, priority: call.priority });
  }

  /** The attempt timeout of an operation; undefined without one. */
  timeoutMsOf(op: string | undefined): number | undefined {
    const { attempt } = this.spec;
    if (attempt === undefined) return undefined;
    if (this.hasOwnTimeout(op)) return attempt.timeoutMsByOp?.[op];
    return this.adaptiveTimeout === null ? attempt.timeoutMs : this.adaptiveTimeout.timeoutMs;
  }

  hasOwnTimeout(op: string | undefined): op is string {
    const byOp = this.spec.attempt?.timeoutMsByOp;
    return byOp !== undefined && op !== undefined && Object.hasOwn(byOp, op);
  }

  /** Operations with a timeout of their own take no part. */
  learnTimeout(op: string | undefined, { kind }: Verdict, tookMs: number): void {
    if (!this.hasOwnTimeout(op) && (kind === 'success' || kind === 'timeout')) this.adaptiveTimeout?.add(tookMs);
  }

  /** Nearly every success took longer; 0 while too little is known. */
  leastLatencyMs(): number {
    const { latency } = this;
    return latency.total < ENOUGH_LATENCIES ? 0 : latency.quantileMs(LEAST_SHARE);
  }

  /** For one call; null where the breaker counts attempts. */
  createOperationCount(): OperationCount | null {
    return this.#operationBreaker === null ? null : new OperationCount(this.#operationBreaker);
  }

  callFigures(): CallFigures {
    return this.counts.figures();
  }

  /** For the breaker. */
  onChange(change: BreakerChange): void {
    this.emit(change);
    if (change.kind === 'breaker.opened') this.gate?.recheckAll(this.clock.now());
  }

  #createBreaker(spec: NonNullable<PipelineSpec['breaker']>, { shared, sharedKey }: PipelineCoreOptions): Breaker {
    const leaseMs = toLeaseMs(this.spec);
    if (shared === undefined) return new Breaker(spec, this, { leaseMs });
    return shared.createBreaker(leaseMs === undefined ? spec : { ...spec, halfOpen: { ...spec.halfOpen, leaseMs } }, {
      key: sharedKey ?? this.key,
      clock: this.clock,
      onChange: (change) => this.onChange(change),
      onHold: (forMs) => this.gate?.hold(forMs),
    });
  }

  #createRetryBudget(spec: RetryBudgetSpec, { shared, sharedKey = this.key }: PipelineCoreOptions): RetryBudget {
    if (shared === undefined) return new RetryBudget(spec, this.clock.now());
    return shared.createRetryBudget(spec, { key: sharedKey, clock: this.clock });
  }
}

function toLeaseMs(spec: PipelineSpec): number | undefined {
  const timeoutMs = spec.attempt?.timeoutMs;
  return spec.breaker?.halfOpen?.leaseMs ?? (timeoutMs === undefined ? undefined : timeoutMs + LEASE_MARGIN_MS);
}
