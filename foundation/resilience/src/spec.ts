import { type AdaptiveTimeoutSpec, validateAdaptiveTimeout } from './adaptive-timeout.ts';
import type { Backoff } from './backoff.ts';
import { invalidSpec, requireAbove, requireAtLeast, requireCount } from './invalid-spec.ts';
import { type LimiterSpec, validateLimiter } from './limiter-spec.ts';
import { type RetryBudgetSpec, validateRetryBudget } from './retry-budget.ts';
import { type Trip, validateTrips } from './trip.ts';
import type { Classifier } from './verdict.ts';

/**
 * What a pipeline does, as data. Every part is optional and costs nothing when it is left out. Order, outside in:
 * deadline > retry > breaker > admission > attempt timeout > call.
 */
export interface PipelineSpec {
  /** Milliseconds for the whole operation: queue, attempts and pauses together. */
  readonly deadlineMs?: number;
  readonly retry?: RetrySpec;
  readonly breaker?: BreakerSpec;
  readonly admission?: AdmissionSpec;
  readonly attempt?: AttemptSpec;
  /** Default: every value is a success, every error a transient failure. */
  readonly classify?: Classifier;
}

export interface AttemptSpec {
  /** Milliseconds for one attempt, counted from the moment it leaves the queue. */
  readonly timeoutMs: number;
  /** Milliseconds for attempts of single operations instead, by the `op` of the call. */
  readonly timeoutMsByOp?: Readonly<Record<string, number>>;
  /** Lets the timeout follow what attempts take; `timeoutMs` is then the longest one, and the first. Calls and operations with a timeout of their own take no part. */
  readonly adaptive?: AdaptiveTimeoutSpec;
  /**
   * Milliseconds for which an attempt that was given up but has not ended keeps its slot: the server is still at work on it.
   * Default 60,000.
   */
  readonly abandonedMs?: number;
}

/** Repeats only calls that say `idempotent: true`, and only after a transient failure, a throttling or a timeout. */
export interface RetrySpec {
  /** Calls in all, the first included. */
  readonly attempts: number;
  readonly backoff: Backoff;
  /**
   * Longest pause that a server may ask for. It stretches the backoff up to here; when a server asks for more, the call
   * ends instead of coming back too early. Default 60,000.
   */
  readonly retryAfterCapMs?: number;
  /** Shared by all calls of the pipeline. Without it only `attempts` bounds what is repeated. */
  readonly budget?: RetryBudgetSpec;
}

export interface GrowingOpenTime {
  readonly firstMs: number;
  /** Each opening without a closing in between is this much longer. */
  readonly factor: number;
  readonly capMs: number;
}

/**
 * `active`: opens and closes. `metrics-only`: counts, and tells when it would have opened, but admits everything. `disabled`: admits
 * everything and counts only that. What is opened by hand stays open in any mode.
 */
export type BreakerMode = 'active' | 'metrics-only' | 'disabled';

export interface BreakerSpec {
  /** With several, the first one that is reached opens the breaker. */
  readonly trip: Trip | readonly Trip[];
  /** Default `active`. */
  readonly mode?: BreakerMode;
  /** How long it stays open before probes are admitted. */
  readonly openMs: number | GrowingOpenTime;
  readonly halfOpen?: {
    /** Probes under way at the same time. Default 1. */
    readonly probes?: number;
    /** Successful probes that close it. Default 1. */
    readonly successes?: number;
    /** A probe that has not ended by then gives its permit back. Default: attempt timeout and 5 s, or 60,000. */
    readonly leaseMs?: number;
  };
  /**
   * What one failure is. `attempt`: each attempt that fails. `operation`: a call that ends with a failure, however often it was repeated;
   * while half-open each attempt still counts, because it is a probe. Default `attempt`, which finds out sooner.
   */
  readonly counts?: 'attempt' | 'operation';
  /**
   * Failures of attempts that began before the previous failure, and end within this time of it, count once, so that one
   * burst of parallel timeouts is one failure of a `consecutive` trip. Default 0: each counts.
   */
  readonly lumpMs?: number;
}

export interface AdmissionSpec {
  readonly maxConcurrent: number;
  /** Least milliseconds between the starts of two attempts. Default 0. */
  readonly minIntervalMs?: number;
  /** Slots that background work (`normal`, `low`) never takes. Default 1, or 0 when `maxConcurrent` is 1. */
  readonly interactiveReserve?: number;
  readonly queue?: {
    /**
     * Most calls that wait. Beyond it the newest of the least urgent is turned away; among equally urgent ones, the newest of the
     * `fairKey` that has most of them. Default 1,000.
     */
    readonly maxWaiting?: number;
    /**
     * Longest wait that is worth beginning. When what waits would take longer to start, at the pace at which calls leave the queue of
     * late, the least urgent, newest one is turned away. Default: no bound but `maxWaiting`.
     */
    readonly maxWaitMs?: number;
    /** A waiting call rises one level each time this has passed, never into `critical`. Default 10,000. */
    readonly agingMs?: number;
  };
  readonly limiter?: LimiterSpec;
}

/** Throws `RESILIENCE_SPEC_INVALID` for a specification that cannot work. */
export function validateSpec(spec: PipelineSpec): void {
  requireAbove(spec.deadlineMs, 'deadlineMs');
  requireAbove(spec.attempt?.timeoutMs, 'attempt.timeoutMs');
  for (const [op, timeoutMs] of Object.entries(spec.attempt?.timeoutMsByOp ?? {})) requireAbove(timeoutMs, `attempt.timeoutMsByOp.${op}`);
  requireAtLeast(spec.attempt?.abandonedMs, 0, 'attempt.abandonedMs');
  if (spec.attempt?.adaptive !== undefined) validateAdaptiveTimeout(spec.attempt.adaptive, spec.attempt.timeoutMs);
  requireCount(spec.retry?.attempts, 'retry.attempts');
  requireAtLeast(spec.retry?.retryAfterCapMs, 0, 'retry.retryAfterCapMs');
  if (spec.retry?.budget !== undefined) validateRetryBudget(spec.retry.budget);
  if (spec.breaker !== undefined) validateBreaker(spec.breaker);
  if (spec.admission !== undefined) validateAdmission(spec.admission);
}

function validateBreaker(spec: BreakerSpec): void {
  validateTrips(spec.trip);
  if (typeof spec.openMs === 'number') {
    requireAbove(spec.openMs, 'breaker.openMs');
  } else {
    requireAbove(spec.openMs.firstMs, 'breaker.openMs.firstMs');
    requireAtLeast(spec.openMs.factor, 1, 'breaker.openMs.factor');
    requireAtLeast(spec.openMs.capMs, spec.openMs.firstMs, 'breaker.openMs.capMs');
  }
  requireCount(spec.halfOpen?.probes, 'breaker.halfOpen.probes');
  requireCount(spec.halfOpen?.successes, 'breaker.halfOpen.successes');
  requireAbove(spec.halfOpen?.leaseMs, 'breaker.halfOpen.leaseMs');
  requireAtLeast(spec.lumpMs, 0, 'breaker.lumpMs');
}

/** Throws `RESILIENCE_SPEC_INVALID` for hard bounds that cannot work. */
export function validateLimits(limits: { readonly maxConcurrent: number; readonly minIntervalMs?: number }): void {
  requireCount(limits.maxConcurrent, 'admission.maxConcurrent');
  requireAtLeast(limits.minIntervalMs, 0, 'admission.minIntervalMs');
}

function validateAdmission(spec: AdmissionSpec): void {
  validateLimits(spec);
  requireAtLeast(spec.interactiveReserve, 0, 'admission.interactiveReserve');
  if ((spec.interactiveReserve ?? 0) >= spec.maxConcurrent) {
    throw invalidSpec(`admission.interactiveReserve (${spec.interactiveReserve}) leaves no slot for background work.`);
  }
  requireAtLeast(spec.queue?.maxWaiting, 0, 'admission.queue.maxWaiting');
  requireAbove(spec.queue?.maxWaitMs, 'admission.queue.maxWaitMs');
  requireAbove(spec.queue?.agingMs, 'admission.queue.agingMs');
  if (spec.limiter !== undefined) validateLimiter(spec.limiter);
}

/** How long the breaker stays open after so many openings in a row. */
export function toOpenMs(openMs: number | GrowingOpenTime, streak: number): number {
  if (typeof openMs === 'number') return openMs;
  return Math.min(openMs.capMs, openMs.firstMs * openMs.factor ** streak);
}
