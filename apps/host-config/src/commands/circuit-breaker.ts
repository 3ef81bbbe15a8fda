import type { ServiceBreakers } from '@breakwater/host-config';
import { formatInstant } from '@breakwater/kernel';
import type { KeptStatus } from '@breakwater/resilience';
import { type Console, toDurationText, toTable } from '../console.ts';
import { EXIT } from '../exit-codes.ts';
import { unknownName } from '../load-settings.ts';

export interface BreakerRoom {
  readonly console: Console;
  /** Of the host that is meant. */
  readonly breakers: ServiceBreakers;
  readonly who: string;
}

/** What a call would find now; changes nothing. */
export function showBreakers(service: string | null, room: BreakerRoom): number {
  const { breakers, console } = room;
  const names = service === null ? breakers.services() : [requireService(service, breakers)];
  const rows = names.map((name) => ({ name, status: breakers.status(name), threshold: breakers.settingsOf(name).failureThreshold }));
  for (const row of rows) console.record({ kind: 'breaker', service: row.name, ...toRecord(row) });
  console.print(toTable(['SERVICE', 'STATE', 'FAILURES', 'RETRY IN', 'CALLS', 'OPENED', 'LAST FAILURE'], rows.map(toCells)));
  return EXIT.ok;
}

/** Null: all. */
export function resetBreakers(service: string | null, { breakers, console, who }: BreakerRoom): number {
  for (const name of service === null ? breakers.services() : [requireService(service, breakers)]) {
    breakers.reset(name, { who, reason: 'reset on the command line' });
    console.record({ kind: 'breaker.changed', service: name, action: 'reset', by: who });
    console.print(`${name}: closed.`);
  }
  return EXIT.ok;
}

export function tripBreaker(service: string, options: { readonly forMs: number }, { breakers, console, who }: BreakerRoom): number {
  const { forMs } = options;
  const name = requireService(service, breakers);
  breakers.trip(name, { who, reason: 'opened on the command line', forMs });
  console.record({ kind: 'breaker.changed', service: name, action: 'trip', by: who, forMs });
  console.print(`${name}: open for ${toDurationText(forMs)}. Nothing is asked of it until then.`);
  return EXIT.ok;
}

function requireService(service: string, breakers: ServiceBreakers): string {
  const known = breakers.services();
  if (known.includes(service)) return service;
  throw unknownName(service, { what: 'service', code: 'HOST_USAGE_SERVICE', known });
}

interface BreakerRow {
  readonly name: string;
  /** Null: never used. */
  readonly status: KeptStatus | null;
  readonly threshold: number;
}

const STATES = { closed: 'closed', open: 'open', 'probe-due': 'half_open', 'probe-running': 'half_open' } as const;

function toRecord({ status, threshold }: BreakerRow): Readonly<Record<string, unknown>> {
  return {
    state: status === null ? 'closed' : STATES[status.state],
    failure_count: status?.failures ?? 0,
    failure_threshold: threshold,
    total_calls: status?.totals.calls ?? 0,
    /** Seconds. */
    time_until_retry: status?.state === 'open' ? status.retryAfterMs / 1_000 : null,
    opened_at: status === null || status.openedAtWallMs === null ? null : formatInstant(status.openedAtWallMs),
    opened_times: status?.totals.opens ?? 0,
    last_failure: status?.lastFailure ?? null,
    order: status?.order ?? null,
  };
}

const STATE_TEXTS = {
  closed: 'closed',
  open: 'open',
  'probe-due': 'half-open, the next call tests it',
  'probe-running': 'half-open, a test is under way',
} as const;

function toCells({ name, status, threshold }: BreakerRow): readonly string[] {
  if (status === null) return [name, 'closed', `0/${threshold}`, '-', '0', '0', '-'];
  const { failures, lastFailure, retryAfterMs, state, totals } = status;
  return [
    name,
    STATE_TEXTS[state],
    `${failures}/${threshold}`,
    state === 'open' ? toDurationText(retryAfterMs) : '-',
    String(totals.calls),
    String(totals.opens),
    lastFailure === null ? '-' : `${formatInstant(lastFailure.atWallMs)} ${lastFailure.text}`,
  ];
}
