import { z } from 'zod';
import { ALERT_KINDS } from './alert-rules.ts';
import { HOLD_MINUTES, LIMIT_RANGES } from './limit-ranges.ts';
import { instantSchema, labelSchema } from './primitives.ts';
import { serverStateSchema } from './servers.ts';

const inRange = ({ min, max }: { readonly min: number; readonly max: number }) => z.number().int().min(min).max(max);

export const serverLimitsSchema = z
  .object({
    max_concurrent: inRange(LIMIT_RANGES.max_concurrent),
    min_interval_ms: inRange(LIMIT_RANGES.min_interval_ms),
    failure_threshold: inRange(LIMIT_RANGES.failure_threshold),
    request_timeout_ms: inRange(LIMIT_RANGES.request_timeout_ms),
    thumbnail_ttl_ms: inRange(LIMIT_RANGES.thumbnail_ttl_ms),
    list_ttl_ms: inRange(LIMIT_RANGES.list_ttl_ms),
  })
  .strict();
export type ServerLimits = z.infer<typeof serverLimitsSchema>;

/** Rows of the documents' tuning tables: spec 01 by number of machines, spec 02 above 200, spec 01's two columns. */
export const limitPresetSchema = z.enum(['small', 'middle', 'large', 'huge', 'faster', 'stabler']);
export type LimitPreset = z.infer<typeof limitPresetSchema>;

/** Minutes until it ends by itself; null: until somebody changes it. */
const minutesSchema = z.number().min(HOLD_MINUTES.min).max(HOLD_MINUTES.max).nullable().default(HOLD_MINUTES.usual);

export const tripRequestSchema = z
  .object({
    /** `isolate`: nothing is asked for `minutes`. `trip`: opens as failures would, and probes follow after the recovery time. */
    mode: z.enum(['isolate', 'trip']).default('isolate'),
    minutes: minutesSchema,
    reason: labelSchema.optional(),
  })
  .strict();
export type TripRequest = z.infer<typeof tripRequestSchema>;

export const pauseRequestSchema = z.object({ minutes: minutesSchema }).strict();

/** Either a preset, or numbers on top of what is set now. */
export const limitsRequestSchema = z
  .object({ preset: limitPresetSchema, limits: serverLimitsSchema.partial(), minutes: minutesSchema })
  .partial({ preset: true, limits: true })
  .strict()
  .refine(({ preset, limits }) => (preset === undefined) !== (limits === undefined), 'give either a preset or limits')
  .refine(({ limits }) => limits === undefined || Object.keys(limits).length > 0, 'limits names nothing');
export type LimitsRequest = z.infer<typeof limitsRequestSchema>;

/** Who changed something by hand, when, and when it ends by itself. */
const handSchema = z.object({ actor: z.string(), since: instantSchema, until: instantSchema.nullable() });
export type Hand = z.infer<typeof handSchema>;

export const alertSchema = z.object({
  kind: z.enum(ALERT_KINDS),
  severity: z.enum(['alert', 'warning']),
  /** What was measured, and the bound it has passed, in the unit of the rule. */
  value: z.number(),
  threshold: z.number(),
});
export type Alert = z.infer<typeof alertSchema>;

const waitQuantilesSchema = z.object({
  waiting: z.number(),
  /** Of the last five minutes; null: nothing was asked. */
  p50_ms: z.number().nullable(),
  p95_ms: z.number().nullable(),
});
export type WaitQuantiles = z.infer<typeof waitQuantilesSchema>;

const requestClassSchema = z.enum(['CRITICAL', 'HIGH', 'NORMAL', 'LOW']);
export type RequestClass = z.infer<typeof requestClassSchema>;

export const serverResilienceSchema = z.object({
  id: z.string(),
  name: z.string(),
  state: serverStateSchema,
  /** False while the server is not talked to at all; the figures below are then those of nobody. */
  linked: z.boolean(),
  /** When its machines were last known to be true. */
  data_at: instantSchema.nullable(),
  breaker: z.object({
    state: z.enum(['closed', 'open', 'half_open']),
    since: instantSchema.nullable(),
    next_probe_at: instantSchema.nullable(),
    failures: z.number(),
    failure_threshold: z.number(),
    isolated: handSchema.extend({ reason: z.string().nullable() }).nullable(),
  }),
  requests: z.object({ active: z.number(), max: z.number(), waiting: z.number(), avg_wait_ms: z.number() }),
  waits: z.record(requestClassSchema, waitQuantilesSchema),
  delay: z.object({ now_ms: z.number(), min_ms: z.number(), max_ms: z.number() }),
  last_hour: z.object({ calls: z.number(), throttled: z.number(), timed_out: z.number(), failed: z.number(), rejected: z.number() }),
  pool: z.object({
    size: z.number(),
    active: z.number(),
    available: z.number(),
    reconnects: z.number(),
    errors: z.number(),
    errors_last_hour: z.number(),
  }),
  /** Of the screens that were asked for; null: none was. */
  cache_hit_percent: z.number().nullable(),
  /** The last whole round over the screens. */
  screens: z.object({ cycle_ms: z.number().nullable(), refreshed: z.number(), total: z.number() }),
  polling_paused: handSchema.nullable(),
  limits: z.object({
    values: serverLimitsSchema,
    /** `configured`: as the settings say. */
    origin: z.union([z.literal('configured'), z.literal('numbers'), limitPresetSchema]),
    hand: handSchema.nullable(),
  }),
  alerts: z.array(alertSchema),
});
export type ServerResilience = z.infer<typeof serverResilienceSchema>;

export const portalHealthSchema = z.object({
  loop_lag_ms: z.number(),
  memory_bytes: z.number(),
  /** Null where no database is. */
  database_bytes: z.number().nullable(),
  sse_clients: z.number(),
  console_sessions: z.number(),
});
export type PortalHealth = z.infer<typeof portalHealthSchema>;

export const resilienceSchema = z.object({
  at: instantSchema,
  servers: z.array(serverResilienceSchema),
  portal: portalHealthSchema,
  presets: z.record(limitPresetSchema, serverLimitsSchema),
  /** As the settings say; what a revert goes back to. */
  configured_limits: serverLimitsSchema,
  /** Within these a limit may be set by hand. */
  limit_ranges: z.record(serverLimitsSchema.keyof(), z.object({ min: z.number(), max: z.number() })),
});
export type Resilience = z.infer<typeof resilienceSchema>;

export const historySpanSchema = z.enum(['1h', '24h']);
export type HistorySpan = z.infer<typeof historySpanSchema>;

const seriesSchema = z.array(z.number().nullable());

/** One value per step in every series, oldest first; null where nothing was measured. */
export const resilienceHistorySchema = z.object({
  span: historySpanSchema,
  step_ms: z.number(),
  /** Milliseconds since 1970 at the end of each step. */
  at_ms: z.array(z.number()),
  delay_ms: seriesSchema,
  waits: z.record(requestClassSchema, z.object({ p50_ms: seriesSchema, p95_ms: seriesSchema })),
  calls: seriesSchema,
  throttled: seriesSchema,
  timed_out: seriesSchema,
  failed: seriesSchema,
  rejected: seriesSchema,
  /** Worst state within the step: 0 closed, 1 half open, 2 open. */
  breaker: seriesSchema,
});
export type ResilienceHistory = z.infer<typeof resilienceHistorySchema>;
