import { z } from 'zod';

/** `avg_wait_time` is the mean of the latest requests, `total_wait_time` what all of them waited together. */
const waitSchema = z.object({ total_requests: z.number(), avg_wait_time: z.number(), total_wait_time: z.number() });

/** Seconds for all times: the unit of spec 01's `/queue/stats`. */
export const breakerStatsSchema = z.object({
  state: z.enum(['closed', 'open', 'half_open']),
  failure_count: z.number(),
  success_count: z.number(),
  failure_threshold: z.number(),
  recovery_timeout: z.number(),
  opened_at: z.string().nullable(),
  last_failure: z.string().nullable(),
  time_until_retry: z.number().nullable(),
  total_calls: z.number(),
  /** `failure_count` under the name that spec 04 has for it. */
  fail_counter: z.number(),
  /** Requests that have succeeded since the start. */
  success_counter: z.number(),
});

export const queueFiguresSchema = z.object({
  max_concurrent: z.number(),
  min_interval: z.number(),
  active_requests: z.number(),
  waiting_requests: z.number(),
  total_requests: z.number(),
  avg_wait_time: z.number(),
  /** Requests at the same time that the adaptive limiter allows now, `max_concurrent` at most. */
  current_concurrent: z.number(),
  /** Seconds between two requests that the adaptive limiter asks for now. */
  current_delay: z.number(),
  by_priority: z.object({ CRITICAL: waitSchema, HIGH: waitSchema, NORMAL: waitSchema, LOW: waitSchema }),
});

export const poolStatsSchema = z.object({
  pool_size: z.number(),
  available_connections: z.number(),
  active_connections: z.number(),
  total_connections: z.number(),
  reconnects: z.number(),
  errors: z.number(),
});

const screenRefreshSchema = z.object({
  started_at: z.string().nullable(),
  cycles: z.number(),
  thumbnails_refreshed: z.number(),
  errors: z.number(),
  last_cycle_at: z.string().nullable(),
  last_cycle_duration: z.number().nullable(),
  /** Screens taken or confirmed in the last cycle, and how many were due. */
  last_cycle_refreshed: z.number(),
  last_cycle_total: z.number(),
  current_delay: z.number(),
});

/** Top-level groups are sums (queue, pool) or the worst case (breaker) over all servers; `servers` has each one. */
export const queueStatsSchema = z.object({
  queue: queueFiguresSchema,
  pool: poolStatsSchema,
  circuit_breaker: breakerStatsSchema,
  cache: z.object({ thumbnail_count: z.number(), thumbnail_ttl: z.number(), hits: z.number(), misses: z.number() }),
  background_refresh: z.object({
    running: z.boolean(),
    refresh_interval: z.number(),
    cached_servers: z.number(),
    cache_info: z.record(z.string(), z.object({ vm_count: z.number(), age: z.number().nullable() })),
  }),
  thumbnail_refresh: z.record(z.string(), screenRefreshSchema),
  servers: z.record(
    z.string(),
    z.object({ name: z.string(), queue: queueFiguresSchema, pool: poolStatsSchema, circuit_breaker: breakerStatsSchema }),
  ),
});
export type QueueStats = z.infer<typeof queueStatsSchema>;
export type QueueFigures = z.infer<typeof queueFiguresSchema>;
export type BreakerStats = z.infer<typeof breakerStatsSchema>;
export type PoolStats = z.infer<typeof poolStatsSchema>;
export type ScreenRefreshStats = z.infer<typeof screenRefreshSchema>;

/** Body of `background-refresh/invalidate` and `circuit-breaker/reset`: one server, or all without an id. */
export const serverSelectionSchema = z.object({ server_id: z.string().optional() }).strict();
