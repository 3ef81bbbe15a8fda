import { ALERT_RULES, type ServerResilience } from '@breakwater/contract';
import { expect, it } from 'vitest';
import { findAlerts } from './find-alerts.ts';
import { startWith } from './testing/fleet-bed.ts';

type Row = Omit<ServerResilience, 'alerts'>;

async function find(change: (row: Row) => Partial<Row>, dataAgeMs: number | null = 1_000): Promise<readonly string[]> {
  const { fleet, id } = await startWith([]);
  const row = fleet.protection.server(id);
  return findAlerts({ ...row, ...change(row) }, { dataAgeMs }).map(({ kind, severity }) => `${severity} ${kind}`);
}

it('finds nothing about a healthy server', async () => {
  expect(await find(() => ({}))).toEqual([]);
});

it('finds each of the rules at its bound and not before', async () => {
  expect(await find(({ breaker }) => ({ breaker: { ...breaker, state: 'open' } }))).toEqual(['alert breaker_open']);
  expect(await find(({ breaker }) => ({ breaker: { ...breaker, failures: 2 } }))).toEqual([]);
  expect(await find(({ breaker }) => ({ breaker: { ...breaker, failures: 3 } }))).toEqual(['warning failures']);
  expect(await find(({ requests }) => ({ requests: { ...requests, avg_wait_ms: 1_000 } }))).toEqual([]);
  expect(await find(({ requests }) => ({ requests: { ...requests, avg_wait_ms: 1_001 } }))).toEqual(['warning slow_queue']);
  expect(await find(({ pool }) => ({ pool: { ...pool, available: 0 } }))).toEqual([]);
  expect(await find(({ pool }) => ({ pool: { ...pool, available: 0, errors_last_hour: 1 } }))).toEqual(['alert pool_exhausted']);
  expect(await find(() => ({}), ALERT_RULES.data_old.threshold)).toEqual([]);
  expect(await find(() => ({}), ALERT_RULES.data_old.threshold + 1)).toEqual(['warning data_old']);
});

it('does not say twice what an open breaker says, and nothing about the age of what is paused on purpose', async () => {
  expect(await find(({ breaker }) => ({ breaker: { ...breaker, state: 'open', failures: 5 } }))).toEqual(['alert breaker_open']);
  expect(await find(() => ({ state: 'paused' }), 900_000)).toEqual([]);
  expect(await find(({ pool }) => ({ linked: false, pool: { ...pool, available: 0, errors_last_hour: 2 } }), null)).toEqual([]);
});
