import type { BreakerStats, PoolStats, QueueFigures } from '@breakwater/contract';
import type { LinkFigures } from '@breakwater/fleet';
import { formatInstant } from '@breakwater/kernel';
import type { BreakerSnapshot, CallFigures, PipelineSnapshot, QueueSnapshot, WaitFigures } from '@breakwater/resilience';
import type { PoolFigures } from '@breakwater/transport';

/** The figures of one server in the words and units (seconds) of spec 01's statistics. */
export function toLinkFigures(pipeline: PipelineSnapshot, pool: PoolFigures): LinkFigures {
  return {
    queue: toQueue(pipeline.queue),
    breaker: toBreaker(pipeline.breaker),
    pool: toPool(pool),
    delayMs: pipeline.queue?.delayMs ?? 0,
    waiting: toWaiting(pipeline.queue),
    calls: toCalls(pipeline.calls),
  };
}

const toWaiting = (queue: QueueSnapshot | null): LinkFigures['waiting'] => ({
  CRITICAL: queue?.byPriority.critical.waiting ?? 0,
  HIGH: queue?.byPriority.high.waiting ?? 0,
  NORMAL: queue?.byPriority.normal.waiting ?? 0,
  LOW: queue?.byPriority.low.waiting ?? 0,
});

const toCalls = ({ ok, failed, throttled, timeout, ignored, rejected }: CallFigures): LinkFigures['calls'] => ({
  // What the server itself was asked; rejected calls never reached it.
  attempts: ok + failed + throttled + timeout + ignored,
  throttled,
  timedOut: timeout,
  failed,
  rejected,
});

const NO_WAITS: WaitFigures = { waiting: 0, started: 0, avgWaitMs: 0, totalWaitMs: 0 };

function toQueue(queue: QueueSnapshot | null): QueueFigures {
  const waits = queue?.byPriority;
  return {
    max_concurrent: queue?.maxConcurrent ?? 0,
    min_interval: (queue?.minIntervalMs ?? 0) / 1_000,
    active_requests: queue?.active ?? 0,
    waiting_requests: queue?.waiting ?? 0,
    total_requests: queue?.started ?? 0,
    avg_wait_time: (queue?.avgWaitMs ?? 0) / 1_000,
    current_delay: (queue?.delayMs ?? 0) / 1_000,
    by_priority: {
      CRITICAL: toWait(waits?.critical ?? NO_WAITS),
      HIGH: toWait(waits?.high ?? NO_WAITS),
      NORMAL: toWait(waits?.normal ?? NO_WAITS),
      LOW: toWait(waits?.low ?? NO_WAITS),
    },
  };
}

const toWait = ({ started, avgWaitMs, totalWaitMs }: WaitFigures): QueueFigures['by_priority']['CRITICAL'] => ({
  total_requests: started,
  avg_wait_time: avgWaitMs / 1_000,
  total_wait_time: totalWaitMs / 1_000,
});

function toBreaker(breaker: BreakerSnapshot | null): BreakerStats {
  return {
    state: breaker === null ? 'closed' : breaker.state === 'half-open' ? 'half_open' : breaker.state,
    failure_count: breaker?.failures ?? 0,
    success_count: breaker?.successes ?? 0,
    failure_threshold: breaker?.failureThreshold ?? 0,
    recovery_timeout: (breaker?.openMs ?? 0) / 1_000,
    opened_at: breaker?.openedAtWallMs == null ? null : formatInstant(breaker.openedAtWallMs),
    time_until_retry: breaker?.retryAfterMs == null ? null : breaker.retryAfterMs / 1_000,
    total_calls: breaker?.admitted ?? 0,
  };
}

function toPool(pool: PoolFigures): PoolStats {
  return {
    pool_size: pool.size,
    available_connections: Math.max(0, pool.size - pool.active),
    active_connections: pool.active,
    total_connections: pool.opened,
    reconnects: pool.reconnects,
    errors: pool.errors,
  };
}
