import type { Clock, Priority, Random } from '@breakwater/kernel';
import { AdaptiveTimeout } from './adaptive-timeout.ts';
import { Admission } from './admission.ts';
import { Breaker } from './breaker.ts';
import type { BreakerChange } from './breaker-report.ts';
import { Deadlines } from './deadline-list.ts';
import { DurationHistogram } from './duration-histogram.ts';
import { type EventListener, isHeardBy, type ResilienceEvent, tell } from './events.ts';
import { type CallFigures, LatencyHistogram } from './figures.ts';
import { type RejectionCode, Rejections } from './rejections.ts';
import { RetryBudget } from './retry-budget.ts';
import type { SharedBreakers } from './shared-breakers.ts';
import type { PipelineSpec } from './spec.ts';
import type { Verdict } from './verdict.ts';

/** Beyond the attempt timeout: how long a probe may take to be noticed as ended. */
const LEASE_MARGIN_MS = 5_000;

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

/** State that all calls of one pipeline share. */
export class PipelineCore {
  readonly spec: PipelineSpec;
  readonly key: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly deadlines: Deadlines;
  readonly rejections: Rejections;
  readonly breaker: Breaker | null;
  readonly gate: Admission | null;
  readonly retryBudget: RetryBudget | null;
  readonly adaptiveTimeout: AdaptiveTimeout | null;
  readonly latency = new LatencyHistogram();
  readonly durations = new DurationHistogram();
  readonly #onEvent: EventListener | undefined;
  readonly counts = {
    total: 0,
    ok: 0,
    failed: 0,
    timeout: 0,
    throttled: 0,
    ignored: 0,
    canceled: 0,
    rejected: 0,
    retries: 0,
    abandoned: 0,
  };
  isClosed = false;

  constructor(spec: PipelineSpec, options: PipelineCoreOptions) {
    this.spec = spec;
    this.key = options.key;
    this.clock = options.clock;
    this.random = options.random;
    this.deadlines = options.deadlines ?? new Deadlines(options.clock);
    this.rejections = new Rejections(options.key);
    this.#onEvent = options.onEvent;
    this.breaker = spec.breaker === undefined ? null : this.#createBreaker(spec.breaker, options);
    const { attempt } = spec;
    this.adaptiveTimeout = attempt?.adaptive === undefined ? null : new AdaptiveTimeout(attempt.adaptive, { maxMs: attempt.timeoutMs });
    const budget = spec.retry?.budget;
    this.retryBudget = budget === undefined ? null : new RetryBudget(budget, this.clock.now());
    this.gate =
      spec.admission === undefined
        ? null
        : new Admission(spec.admission, { clock: this.clock, random: this.random, onLimiterChange: (change) => this.emit(change) });
  }

  /** Asked first where an event costs something to make. */
  hears(kind: ResilienceEvent['kind']): boolean {
    return this.#onEvent !== undefined && isHeardBy(this.#onEvent, kind);
  }

  emit(body: EventBody): void {
    if (this.#onEvent === undefined || !isHeardBy(this.#onEvent, body.kind)) return;
    tell(this.#onEvent, { ...body, atWallMs: this.clock.wall(), key: this.key } as ResilienceEvent);
  }

  countVerdict(verdict: Verdict): void {
    const { counts } = this;
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

  countRejection(call: { readonly op: string; readonly priority: Priority }, code: RejectionCode): void {
    this.counts.rejected++;
    if (this.hears('call.rejected')) this.emit({ kind: 'call.rejected', op: call.op, code, priority: call.priority });
  }

  callFigures(): CallFigures {
    const { latency } = this;
    return {
      ...this.counts,
      p50Ms: latency.quantileMs(0.5),
      p95Ms: latency.quantileMs(0.95),
      p99Ms: latency.quantileMs(0.99),
      durations: this.durations.figures(),
    };
  }

  #createBreaker(spec: NonNullable<PipelineSpec['breaker']>, options: PipelineCoreOptions): Breaker {
    const timeoutMs = this.spec.attempt?.timeoutMs;
    const leaseMs = spec.halfOpen?.leaseMs ?? (timeoutMs === undefined ? undefined : timeoutMs + LEASE_MARGIN_MS);
    const halfOpen = leaseMs === undefined ? spec.halfOpen : { ...spec.halfOpen, leaseMs };
    const completeSpec = halfOpen === undefined ? spec : { ...spec, halfOpen };
    const onChange = (change: BreakerChange): void => {
      this.emit(change);
      if (change.kind === 'breaker.opened') this.gate?.recheckAll(this.clock.now());
    };
    if (options.shared === undefined) return new Breaker(completeSpec, { clock: this.clock, onChange });
    const onHold = (forMs: number): void => this.gate?.hold(forMs);
    return options.shared.createBreaker(completeSpec, { key: options.sharedKey ?? this.key, clock: this.clock, onChange, onHold });
  }
}
