import type { BreakerStats, PoolStats, QueueFigures } from '@breakwater/contract';

const NO_WAIT = { total_requests: 0, avg_wait_time: 0 };

/** Counts add up, waits are weighted by requests, intervals and delays show the slowest server. */
export function sumQueues(queues: readonly QueueFigures[]): QueueFigures {
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
    ...sumWaits(queues),
    by_priority: {
      CRITICAL: sumWaits(queues.map((queue) => queue.by_priority.CRITICAL)),
      HIGH: sumWaits(queues.map((queue) => queue.by_priority.HIGH)),
      NORMAL: sumWaits(queues.map((queue) => queue.by_priority.NORMAL)),
      LOW: sumWaits(queues.map((queue) => queue.by_priority.LOW)),
    },
  };
}

export function sumPools(pools: readonly PoolStats[]): PoolStats {
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
export function findWorstBreaker(breakers: readonly BreakerStats[]): BreakerStats {
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

function sumWaits(waits: readonly { readonly total_requests: number; readonly avg_wait_time: number }[]): typeof NO_WAIT {
  const total = waits.reduce((sum, wait) => sum + wait.total_requests, 0);
  if (total === 0) return NO_WAIT;
  const waited = waits.reduce((sum, wait) => sum + wait.total_requests * wait.avg_wait_time, 0);
  return { total_requests: total, avg_wait_time: waited / total };
}
