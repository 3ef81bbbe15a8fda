import type { BreakerStats, PoolStats, QueueFigures, QueueStats } from '@breakwater/contract';
import type { FleetOptions } from './options.ts';
import type { ScreenStore } from './screen-store.ts';
import type { ServerUnit } from './server-unit.ts';

type Waits = QueueFigures['by_priority']['CRITICAL'];

/** Counts add up, waits are weighted by requests, intervals and delays show the slowest server. */
function sumQueues(queues: readonly QueueFigures[]): QueueFigures {
  const total = queues.reduce(
    (sum, queue) => ({
      max_concurrent: sum.max_concurrent + queue.max_concurrent,
      min_interval: Math.max(sum.min_interval, queue.min_interval),
      active_requests: sum.active_requests + queue.active_requests,
      waiting_requests: sum.waiting_requests + queue.waiting_requests,
      current_concurrent: sum.current_concurrent + queue.current_concurrent,
      current_delay: Math.max(sum.current_delay, queue.current_delay),
    }),
    { max_concurrent: 0, min_interval: 0, active_requests: 0, waiting_requests: 0, current_concurrent: 0, current_delay: 0 },
  );
  return {
    ...total,
    ...averageWaits(queues),
    by_priority: {
      CRITICAL: sumWaits(queues.map((queue) => queue.by_priority.CRITICAL)),
      HIGH: sumWaits(queues.map((queue) => queue.by_priority.HIGH)),
      NORMAL: sumWaits(queues.map((queue) => queue.by_priority.NORMAL)),
      LOW: sumWaits(queues.map((queue) => queue.by_priority.LOW)),
    },
  };
}

function sumPools(pools: readonly PoolStats[]): PoolStats {
  const sum = (read: (pool: PoolStats) => number): number => pools.reduce((total, pool) => total + read(pool), 0);
  return {
    pool_size: sum((pool) => pool.pool_size),
    available_connections: sum((pool) => pool.available_connections),
    active_connections: sum((pool) => pool.active_connections),
    total_connections: sum((pool) => pool.total_connections),
    reconnects: sum((pool) => pool.reconnects),
    errors: sum((pool) => pool.errors),
  };
}

const SEVERITY = { closed: 0, half_open: 1, open: 2 } as const;

/** The breaker a person should look at; without servers there is none, and nothing is blocked. */
function findWorstBreaker(breakers: readonly BreakerStats[]): BreakerStats {
  const [worst] = [...breakers].sort(
    (left, right) => SEVERITY[right.state] - SEVERITY[left.state] || right.failure_count - left.failure_count,
  );
  return (
    worst ?? {
      state: 'closed',
      failure_count: 0,
      success_count: 0,
      failure_threshold: 0,
      recovery_timeout: 0,
      opened_at: null,
      last_failure: null,
      time_until_retry: null,
      total_calls: 0,
      fail_counter: 0,
      success_counter: 0,
    }
  );
}

function averageWaits(waits: readonly Pick<Waits, 'total_requests' | 'avg_wait_time'>[]): Pick<Waits, 'total_requests' | 'avg_wait_time'> {
  const total = waits.reduce((sum, wait) => sum + wait.total_requests, 0);
  if (total === 0) return { total_requests: 0, avg_wait_time: 0 };
  const waited = waits.reduce((sum, wait) => sum + wait.total_requests * wait.avg_wait_time, 0);
  return { total_requests: total, avg_wait_time: waited / total };
}

const sumWaits = (waits: readonly Waits[]): Waits => ({
  ...averageWaits(waits),
  total_wait_time: waits.reduce((sum, wait) => sum + wait.total_wait_time, 0),
});

export function toQueueStats(
  units: readonly ServerUnit[],
  context: { readonly store: ScreenStore; readonly options: FleetOptions; readonly isRunning: boolean },
): QueueStats {
  const { store, options, isRunning } = context;
  const linked = units.flatMap((unit) => {
    const figures = unit.figures();
    return figures === null ? [] : [{ unit, figures }];
  });
  const known = units.filter((unit) => unit.dataAgeMs !== null);
  return {
    queue: sumQueues(linked.map(({ figures }) => figures.queue)),
    pool: sumPools(linked.map(({ figures }) => figures.pool)),
    circuit_breaker: findWorstBreaker(linked.map(({ figures }) => figures.breaker)),
    cache: {
      thumbnail_count: store.count,
      thumbnail_ttl: options.thumbnailTtlMs / 1_000,
      hits: store.hits,
      misses: store.misses,
    },
    background_refresh: {
      running: isRunning,
      refresh_interval: options.backgroundRefreshIntervalMs / 1_000,
      cached_servers: known.length,
      cache_info: Object.fromEntries(
        known.map((unit) => [unit.record.id, { vm_count: unit.rows.size, age: unit.dataAgeMs === null ? null : unit.dataAgeMs / 1_000 }]),
      ),
    },
    thumbnail_refresh: Object.fromEntries(units.map((unit) => [unit.record.id, unit.screenStats()])),
    servers: Object.fromEntries(
      linked.map(({ unit, figures }) => [
        unit.record.id,
        { name: unit.record.name, queue: figures.queue, pool: figures.pool, circuit_breaker: figures.breaker },
      ]),
    ),
  };
}
