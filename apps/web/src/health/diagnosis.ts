import type { ServerResilience } from '@breakwater/contract';
import type { ResilienceFigures } from '../live/fleet-store.ts';

/**
 * Text for a ticket, in English whatever the page speaks: it goes to people elsewhere. Left out is everything that names
 * somebody or something: servers, addresses, people, and the reasons they gave.
 */
export function toDiagnosis(figures: ResilienceFigures): string {
  const { at, portal, servers } = figures;
  return [
    `Breakwater diagnosis, ${at}`,
    `portal: loop lag ${portal.loop_lag_ms} ms, memory ${portal.memory_bytes} B, database ${portal.database_bytes ?? '-'} B, streams ${portal.sse_clients}, consoles ${portal.console_sessions}`,
    ...servers.flatMap((server, index) => ['', `server ${index + 1}: ${server.state}`, ...toLines(server).map((line) => `  ${line}`)]),
    '',
  ].join('\n');
}

function toLines(server: ServerResilience): readonly string[] {
  const { breaker, requests, waits, delay, last_hour: hour, pool, screens, limits, polling_paused: paused } = server;
  const waitTexts = Object.entries(waits).map(
    ([name, { waiting, p50_ms: p50, p95_ms: p95 }]) => `${name} ${p50 ?? '-'}/${p95 ?? '-'} (${waiting})`,
  );
  return [
    `data from ${server.data_at ?? 'never'}`,
    `breaker ${breaker.state}, failures ${breaker.failures}/${breaker.failure_threshold}, since ${breaker.since ?? '-'}, next probe ${breaker.next_probe_at ?? '-'}, by hand ${toHold(breaker.isolated)}`,
    `requests ${requests.active}/${requests.max}, waiting ${requests.waiting}, average wait ${requests.avg_wait_ms} ms`,
    `waits p50/p95 ms (waiting): ${waitTexts.join(', ')}`,
    `pause ${delay.now_ms} ms (${delay.min_ms}..${delay.max_ms})`,
    `last hour: requests ${hour.calls}, 503 ${hour.throttled}, timeouts ${hour.timed_out}, failures ${hour.failed}, turned away ${hour.rejected}`,
    `pool ${pool.active}/${pool.size}, reconnects ${pool.reconnects}, errors ${pool.errors} (last hour ${pool.errors_last_hour})`,
    `screens ${screens.refreshed}/${screens.total} in ${screens.cycle_ms ?? '-'} ms, cache hits ${server.cache_hit_percent ?? '-'} %`,
    `polling paused: ${toHold(paused)}`,
    `limits (${limits.origin}, by hand ${toHold(limits.hand)}): ${Object.entries(limits.values)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ')}`,
    `alerts: ${server.alerts.map(({ kind }) => kind).join(', ') || 'none'}`,
  ];
}

const toHold = (hand: { readonly since: string; readonly until: string | null } | null): string =>
  hand === null ? 'no' : `since ${hand.since} until ${hand.until ?? 'changed'}`;
