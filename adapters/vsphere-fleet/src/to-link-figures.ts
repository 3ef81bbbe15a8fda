import type { PoolStats } from '@breakwater/contract';
import type { LinkFigures } from '@breakwater/fleet';
import { type CallFigures, type PipelineSnapshot, type QueueSnapshot, toBreakerStats, toQueueStats } from '@breakwater/resilience';
import type { PoolFigures } from '@breakwater/transport';

/** The figures of one server in the words and units (seconds) of spec 01's statistics, and those of its pipeline as they are. */
export function toLinkFigures(pipeline: PipelineSnapshot, pool: PoolFigures): LinkFigures {
  return {
    queue: toQueueStats(pipeline.queue),
    breaker: toBreakerStats(pipeline),
    pool: toPool(pool),
    delayMs: pipeline.queue?.delayMs ?? 0,
    pipeline,
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

function toCalls({ failed, ignored, ok, rejected, throttled, timeout }: CallFigures): LinkFigures['calls'] {
  return {
    // What the server itself was asked; rejected calls never reached it.
    attempts: ok + failed + throttled + timeout + ignored,
    throttled,
    timedOut: timeout,
    failed,
    rejected,
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
