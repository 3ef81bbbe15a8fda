import { type Clock, type Priority, type Random, systemClock, systemRandom } from '@breakwater/kernel';
import type { QueueSnapshot } from './admission.ts';
import { NO_PERMIT } from './breaker.ts';
import type { BreakerSnapshot, BreakerStateKind } from './breaker-report.ts';
import { Call } from './call.ts';
import type { CallContext, Outcome, RunOptions } from './call-context.ts';
import type { Deadlines } from './deadline-list.ts';
import { DirectCall, isDirect, runDirectly } from './direct-call.ts';
import type { EventListener } from './events.ts';
import type { CallFigures, DurationCounts } from './figures.ts';
import { type CallOptions, toInnerCall } from './inner-call.ts';
import { PipelineCore } from './pipeline-core.ts';
import type { RetryBudgetSnapshot } from './retry-budget.ts';
import type { SharedBreakers } from './shared-breakers.ts';
import { type BreakerMode, type PipelineSpec, validateSpec } from './spec.ts';
import type { Verdict } from './verdict.ts';

/** Leave to make one call outside `run`, for callers that cannot be wrapped in a function. */
export interface Permit {
  /** Says what became of the call. Only the first time counts. */
  settle(verdict: Verdict): void;
}

export interface BreakerControl {
  readonly state: BreakerStateKind;
  readonly mode: BreakerMode;
  /** Milliseconds until it admits again; 0 when it does now. Never more than a timer can wait, also when it is open until somebody resets it. */
  readonly retryAfterMs: number;
  /** Null while the breaker rejects. */
  permit(): Permit | null;
  /** Closes it by hand and forgets what was counted. */
  reset(reason?: string): void;
  /** Opens it by hand, as a trip would: probes are admitted after its open time. */
  trip(reason: string): void;
  /** Keeps everybody away, probes included, until `expiresMs` have passed or somebody resets it. */
  isolate(reason: string, options?: { readonly expiresMs?: number | undefined }): void;
  /** Other than `active`: closes it, unless it was opened by hand. */
  setMode(mode: BreakerMode): void;
  /** Failures in a row that open it from now on; what was counted stays. For a breaker with a `consecutive` trip only. */
  setFailureThreshold(failures: number): void;
}

export interface AdmissionControl {
  /** Other hard bounds from now on. What is under way is not touched. */
  setLimits(limits: { readonly maxConcurrent: number; readonly minIntervalMs: number }): void;
  /** The limiter begins to learn anew, for a person who knows that what it has learned is over. */
  forgetPace(): void;
  /** The server gets a request by another way, such as a WebSocket. It waits for nothing, but later calls make up for it in the learned rate. */
  countRequest(priority?: Priority): void;
  /** How long attempts of this priority have waited since the start; for `quantileOfMs`. */
  waitCounts(priority: Priority): DurationCounts;
}

export interface PipelineSnapshot {
  readonly key: string;
  /** Null without a breaker. */
  readonly breaker: BreakerSnapshot | null;
  /** Null without admission. */
  readonly queue: QueueSnapshot | null;
  /** Null without a budget for repetitions. */
  readonly retryBudget: RetryBudgetSnapshot | null;
  readonly calls: CallFigures;
}

export interface Pipeline {
  readonly key: string;
  readonly spec: PipelineSpec;
  readonly breaker: BreakerControl | null;
  readonly admission: AdmissionControl | null;
  /** Rejects with the callee's error, with a `ResilienceError`, or with the reason of the caller's signal. */
  run<T>(callee: (context: CallContext) => T | PromiseLike<T>, options?: RunOptions): Promise<T>;
  /** Like `run`, but never rejects; cheaper where rejections are expected. */
  attempt<T>(callee: (context: CallContext) => T | PromiseLike<T>, options?: RunOptions): Promise<Outcome<T>>;
  snapshot(): PipelineSnapshot;
  /** Ends all calls that wait, and all later ones, with `RESILIENCE_CLOSED`. What is under way goes on, but is not repeated. */
  close(): void;
}

export interface PipelineOptions {
  /** Whom the pipeline protects; appears in errors, events and log lines. */
  readonly key: string;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Default: the system's. */
  readonly random?: Random;
  readonly onEvent?: EventListener | undefined;
  /** Shares the state of the breaker with other processes. */
  readonly shared?: SharedBreakers | undefined;
  /** Name of the breaker among those processes. Default: `key`. */
  readonly sharedKey?: string | undefined;
}

/** Throws `RESILIENCE_SPEC_INVALID`. */
export function createPipeline(spec: PipelineSpec, options: PipelineOptions): Pipeline {
  return buildPipeline(spec, options);
}

/** With deadlines that several pipelines share, so that they need one timer per duration together. */
export function buildPipeline(spec: PipelineSpec, options: PipelineOptions & { readonly deadlines?: Deadlines }): Pipeline {
  validateSpec(spec);
  const { clock = systemClock, random = systemRandom } = options;
  return new FusedPipeline(new PipelineCore(spec, { ...options, clock, random }));
}

const NO_OPTIONS: RunOptions = {};

class FusedPipeline implements Pipeline {
  readonly #core: PipelineCore;
  /** Made when somebody first asks: most pipelines are never touched by hand. */
  #control: BreakerControl | null = null;

  constructor(core: PipelineCore) {
    this.#core = core;
  }

  get breaker(): BreakerControl | null {
    const { breaker } = this.#core;
    if (breaker !== null) this.#control ??= new CoreBreakerControl(this.#core, breaker);
    return this.#control;
  }

  get admission(): AdmissionControl | null {
    return this.#core.gate;
  }

  get key(): string {
    return this.#core.key;
  }

  get spec(): PipelineSpec {
    return this.#core.spec;
  }

  run<T>(callee: (context: CallContext) => T | PromiseLike<T>, options: RunOptions = NO_OPTIONS): Promise<T> {
    if (isDirect(this.#core, options)) return runDirectly(new DirectCall(this.#core, options), callee);
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    new Call(this.#core, callee, this.#resolved(options)).start(resolve as (value: unknown) => void, reject);
    return promise;
  }

  attempt<T>(callee: (context: CallContext) => T | PromiseLike<T>, options: RunOptions = NO_OPTIONS): Promise<Outcome<T>> {
    const { promise, resolve } = Promise.withResolvers<Outcome<T>>();
    new Call(this.#core, callee, this.#resolved(options)).start(resolve as (outcome: unknown) => void, null);
    return promise;
  }

  #resolved(options: RunOptions): CallOptions {
    const { within } = options;
    return within === undefined ? options : toInnerCall(options, { within, specDeadlineMs: this.#core.spec.deadlineMs });
  }

  snapshot(): PipelineSnapshot {
    const core = this.#core;
    return {
      key: core.key,
      breaker: core.breaker?.snapshot() ?? null,
      queue: core.gate?.snapshot() ?? null,
      retryBudget: core.retryBudget?.snapshot(core.clock.now()) ?? null,
      calls: core.callFigures(),
    };
  }

  close(): void {
    this.#core.isClosed = true;
    this.#core.breaker?.leave();
    this.#core.gate?.recheckAll(this.#core.clock.now());
  }
}

/** Native timers count milliseconds in 31 bits; about 24 days. */
const LONGEST_TIMER_MS = 2_147_483_647;

class CoreBreakerControl implements BreakerControl {
  readonly #core: PipelineCore;
  readonly #breaker: NonNullable<PipelineCore['breaker']>;

  constructor(core: PipelineCore, breaker: NonNullable<PipelineCore['breaker']>) {
    this.#core = core;
    this.#breaker = breaker;
  }

  get state(): BreakerStateKind {
    return this.#breaker.state;
  }

  get mode(): BreakerMode {
    return this.#breaker.mode;
  }

  get retryAfterMs(): number {
    return Math.min(LONGEST_TIMER_MS, this.#breaker.retryAfterMs(this.#core.clock.now()));
  }

  permit(): Permit | null {
    const startedAtMs = this.#core.clock.now();
    const permit = this.#breaker.admit(startedAtMs);
    if (permit === NO_PERMIT) {
      // Nobody waits here; whoever asks again soon finds the lease.
      this.#breaker.awaitLease(() => undefined);
      return null;
    }
    let isSettled = false;
    return {
      settle: (verdict) => {
        if (isSettled) return;
        isSettled = true;
        if (verdict.kind === 'throttled') this.#breaker.passOn(verdict);
        this.#breaker.settle(permit, verdict, { nowMs: this.#core.clock.now(), startedAtMs });
      },
    };
  }

  reset(reason = 'by hand'): void {
    this.#breaker.reset(reason);
  }

  trip(reason: string): void {
    this.#breaker.trip(reason);
  }

  isolate(reason: string, options: { readonly expiresMs?: number | undefined } = {}): void {
    this.#breaker.isolate(reason, options);
  }

  setMode(mode: BreakerMode): void {
    this.#breaker.setMode(mode);
  }

  setFailureThreshold(failures: number): void {
    this.#breaker.setFailureThreshold(failures);
  }
}
