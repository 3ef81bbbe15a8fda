import type { Hand, ServerLimits, ServerResilience, ServerState, WaitQuantiles } from '@breakwater/contract';
import { formatInstant } from '@breakwater/kernel';
import { findAlerts } from './find-alerts.ts';
import type { FleetOptions } from './options.ts';
import type { Measurement, REQUEST_CLASSES, ResilienceRecorder } from './resilience-recorder.ts';
import type { ScreenCoverage } from './screen-refresher.ts';
import type { ServerRecord } from './server.ts';
import { type ServerControls, toHand } from './server-controls.ts';

export interface ResilienceViewInput {
  readonly record: ServerRecord;
  readonly state: ServerState;
  /** Null: the server is not talked to. */
  readonly now: Measurement | null;
  readonly recorder: ResilienceRecorder;
  readonly controls: ServerControls;
  readonly limits: ServerLimits;
  readonly screens: ScreenCoverage;
  readonly screenReads: { readonly hits: number; readonly misses: number };
  readonly dataAtWallMs: number | null;
  readonly dataAgeMs: number | null;
  readonly nowWallMs: number;
  readonly options: Pick<FleetOptions, 'screenMinDelayMs' | 'screenMaxDelayMs'>;
}

/** One row of the page about protection. */
export function toServerResilience(input: ResilienceViewInput): ServerResilience {
  const { controls, limits, record, recorder, screens, screenReads, nowWallMs, options } = input;
  const figures = input.now?.figures;
  const pastHour = recorder.lastHour(nowWallMs);
  const reads = screenReads.hits + screenReads.misses;
  const row: Omit<ServerResilience, 'alerts'> = {
    id: record.id,
    name: record.name,
    state: input.state,
    linked: figures !== undefined,
    data_at: input.dataAtWallMs === null ? null : formatInstant(input.dataAtWallMs),
    breaker: toBreaker(input),
    requests: {
      active: figures?.queue.active_requests ?? 0,
      max: figures?.queue.max_concurrent ?? limits.max_concurrent,
      waiting: figures?.queue.waiting_requests ?? 0,
      avg_wait_ms: Math.round((figures?.queue.avg_wait_time ?? 0) * 1_000),
    },
    waits: toWaits(input),
    delay: {
      // The limiter asks for no pause while nothing was refused; then only the least interval holds.
      now_ms: Math.round(Math.max(figures?.delayMs ?? 0, limits.min_interval_ms)),
      min_ms: limits.min_interval_ms,
      max_ms: Math.max(options.screenMaxDelayMs, limits.min_interval_ms),
    },
    last_hour: {
      calls: pastHour.calls,
      throttled: pastHour.throttled,
      timed_out: pastHour.timedOut,
      failed: pastHour.failed,
      rejected: pastHour.rejected,
    },
    pool: {
      size: figures?.pool.pool_size ?? 0,
      active: figures?.pool.active_connections ?? 0,
      available: figures?.pool.available_connections ?? 0,
      reconnects: figures?.pool.reconnects ?? 0,
      errors: figures?.pool.errors ?? 0,
      errors_last_hour: pastHour.poolErrors,
    },
    cache_hit_percent: reads === 0 ? null : Math.round((screenReads.hits / reads) * 1_000) / 10,
    screens: { cycle_ms: screens.lastMs, refreshed: screens.refreshed, total: screens.total },
    polling_paused: controls.polling === null ? null : toHand(controls.polling),
    limits: { values: limits, origin: controls.limits?.origin ?? 'configured', hand: toHandOrNull(controls.limits) },
  };
  return { ...row, alerts: findAlerts(row, { dataAgeMs: input.dataAgeMs }) };
}

const toHandOrNull = (control: Parameters<typeof toHand>[0] | null): Hand | null => (control === null ? null : toHand(control));

function toBreaker({ now, controls, limits, nowWallMs }: ResilienceViewInput): ServerResilience['breaker'] {
  const { isolation } = controls;
  const breaker = now?.figures.breaker;
  const retryMs = breaker?.state === 'open' ? breaker.time_until_retry : null;
  return {
    state: breaker?.state ?? 'closed',
    since: breaker?.opened_at ?? null,
    // Whole seconds: the moment is derived from a countdown, and its last digits would differ at every look.
    next_probe_at: retryMs === null ? null : formatInstant(Math.round(nowWallMs / 1_000 + retryMs) * 1_000),
    failures: breaker?.failure_count ?? 0,
    failure_threshold: breaker?.failure_threshold ?? limits.failure_threshold,
    isolated: isolation === null ? null : { ...toHand(isolation), reason: isolation.reason },
  };
}

function toWaits({ now, recorder }: ResilienceViewInput): ServerResilience['waits'] {
  const recent = now === null ? null : recorder.recentWaits(now.waits);
  const of = (name: (typeof REQUEST_CLASSES)[number]): WaitQuantiles => ({
    waiting: now?.figures.waiting[name] ?? 0,
    p50_ms: recent?.[name].p50Ms ?? null,
    p95_ms: recent?.[name].p95Ms ?? null,
  });
  return { CRITICAL: of('CRITICAL'), HIGH: of('HIGH'), NORMAL: of('NORMAL'), LOW: of('LOW') };
}
