import type { PoolStats } from '@breakwater/contract';
import type { LinkFigures } from '@breakwater/fleet';
import { type PipelineSnapshot, toBreakerStats, toQueueStats } from '@breakwater/resilience';
import type { PoolFigures } from '@breakwater/transport';

/** The figures of one server in the words and units (seconds) of spec 01's statistics, and those of its pipeline as they are. */
export function toLinkFigures(pipeline: PipelineSnapshot, pool: PoolFigures): LinkFigures {
  return {
    queue: toQueueStats(pipeline.queue),
    breaker: toBreakerStats(pipeline),
    pool: toPool(pool),
    delayMs: pipeline.queue?.delayMs ?? 0,
    pipeline,
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
