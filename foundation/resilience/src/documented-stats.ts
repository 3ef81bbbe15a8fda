import { formatInstant } from '@breakwater/kernel';
import type { QueueSnapshot, WaitFigures } from './admission.ts';
import type { BreakerStateKind } from './breaker-report.ts';
import type { PipelineSnapshot } from './pipeline.ts';

/** Lower case with an underscore, as spec 01 and 05 write it. */
export type DocumentedState = 'closed' | 'open' | 'half_open';

const STATES: Readonly<Record<BreakerStateKind, DocumentedState>> = { closed: 'closed', open: 'open', 'half-open': 'half_open' };

/** `circuit_breaker` of spec 01's statistics, with what spec 04 and 05 add. Times in seconds. */
export interface BreakerStats {
  readonly state: DocumentedState;
  readonly failure_count: number;
  readonly success_count: number;
  readonly failure_threshold: number;
  readonly recovery_timeout: number;
  /** ISO 8601; null while closed. */
  readonly opened_at: string | null;
  /** ISO 8601; null when nothing has failed yet. */
  readonly last_failure: string | null;
  readonly time_until_retry: number | null;
  /** Requests that it has let through. */
  readonly total_calls: number;
  /** The same as `failure_count`, under spec 04's name. */
  readonly fail_counter: number;
  /** Requests that have succeeded since the start. */
  readonly success_counter: number;
}

/** A pipeline without a breaker shows one that never opens. */
export function toBreakerStats({ breaker, calls }: PipelineSnapshot): BreakerStats {
  const failures = breaker?.failures ?? 0;
  return {
    state: STATES[breaker?.state ?? 'closed'],
    failure_count: failures,
    success_count: breaker?.successes ?? 0,
    failure_threshold: breaker?.failureThreshold ?? 0,
    recovery_timeout: (breaker?.openMs ?? 0) / 1_000,
    opened_at: toInstant(breaker?.openedAtWallMs),
    last_failure: toInstant(breaker?.lastFailureAtWallMs),
    time_until_retry: breaker?.retryAfterMs == null ? null : breaker.retryAfterMs / 1_000,
    total_calls: breaker?.admitted ?? 0,
    fail_counter: failures,
    success_counter: calls.ok,
  };
}

export interface WaitStats {
  readonly total_requests: number;
  /** Of the latest requests. */
  readonly avg_wait_time: number;
  /** Of all requests, added up. */
  readonly total_wait_time: number;
}

/** `queue` of spec 01's statistics, with the classes of spec 02. Times in seconds. */
export interface QueueStats extends Pick<WaitStats, 'total_requests' | 'avg_wait_time'> {
  readonly max_concurrent: number;
  readonly min_interval: number;
  readonly active_requests: number;
  readonly waiting_requests: number;
  /** Learned: how many at once the limiter lets through now. */
  readonly current_concurrent: number;
  readonly current_delay: number;
  readonly by_priority: Readonly<Record<'CRITICAL' | 'HIGH' | 'NORMAL' | 'LOW', WaitStats>>;
}

const NO_WAITS: WaitFigures = { waiting: 0, started: 0, avgWaitMs: 0, totalWaitMs: 0 };

export function toQueueStats(queue: QueueSnapshot | null): QueueStats {
  const waits = queue?.byPriority;
  return {
    max_concurrent: queue?.maxConcurrent ?? 0,
    min_interval: (queue?.minIntervalMs ?? 0) / 1_000,
    active_requests: queue?.active ?? 0,
    waiting_requests: queue?.waiting ?? 0,
    total_requests: queue?.started ?? 0,
    avg_wait_time: (queue?.avgWaitMs ?? 0) / 1_000,
    current_concurrent: queue?.window ?? 0,
    current_delay: (queue?.delayMs ?? 0) / 1_000,
    by_priority: {
      CRITICAL: toWait(waits?.critical ?? NO_WAITS),
      HIGH: toWait(waits?.high ?? NO_WAITS),
      NORMAL: toWait(waits?.normal ?? NO_WAITS),
      LOW: toWait(waits?.low ?? NO_WAITS),
    },
  };
}

/** What spec 04's `get_circuit_breaker_metrics` gives. */
export interface BreakerMetrics {
  readonly name: string;
  /** With a hyphen here, as in that document's logs. */
  readonly state: BreakerStateKind;
  readonly fail_counter: number;
  readonly success_counter: number;
  /** `2024-01-01 12:00:00`, UTC. */
  readonly last_failure: string | null;
  readonly opened_at: string | null;
}

export function toBreakerMetrics({ key, breaker, calls }: PipelineSnapshot): BreakerMetrics {
  return {
    name: key,
    state: breaker?.state ?? 'closed',
    fail_counter: breaker?.failures ?? 0,
    success_counter: calls.ok,
    last_failure: toSpacedInstant(breaker?.lastFailureAtWallMs),
    opened_at: toSpacedInstant(breaker?.openedAtWallMs),
  };
}

/** What spec 05's `get_circuit_breaker_status` gives for one service. */
export interface BreakerStatus {
  readonly state: DocumentedState;
  readonly failure_count: number;
  /** The rejected ones included. */
  readonly total_calls: number;
}

/** By service: `toBreakerStatus(runtime.snapshots())`. */
export function toBreakerStatus(snapshots: readonly PipelineSnapshot[]): Readonly<Record<string, BreakerStatus>> {
  return Object.fromEntries(
    snapshots.map(({ key, breaker, calls }) => [
      key,
      { state: STATES[breaker?.state ?? 'closed'], failure_count: breaker?.failures ?? 0, total_calls: calls.total },
    ]),
  );
}

const toWait = ({ avgWaitMs, started, totalWaitMs }: WaitFigures): WaitStats => ({
  total_requests: started,
  avg_wait_time: avgWaitMs / 1_000,
  total_wait_time: totalWaitMs / 1_000,
});

const toInstant = (wallMs: number | null | undefined): string | null => (wallMs == null ? null : formatInstant(wallMs));

const toSpacedInstant = (wallMs: number | null | undefined): string | null =>
  wallMs == null ? null : formatInstant(wallMs).slice(0, 19).replace('T', ' ');
