import { expect, it } from 'vitest';
import { buildResilience } from '../testing/build-fleet.ts';
import { toDiagnosis } from './diagnosis.ts';

const at = '2026-01-01T00:00:00.000Z';
const hand = { actor: 'anna.secret', since: at, until: null };

it('tells the figures of every server, and nothing that names anybody', () => {
  const text = toDiagnosis({
    at,
    portal: { loop_lag_ms: 1.5, memory_bytes: 100, database_bytes: null, sse_clients: 1, console_sessions: 0 },
    servers: [
      buildResilience({ id: 'id-secret-1', name: 'esx-secret-01' }),
      buildResilience({
        id: 'id-secret-2',
        name: '10.0.0.7',
        state: 'unreachable',
        breaker: {
          state: 'open',
          since: at,
          next_probe_at: null,
          failures: 5,
          failure_threshold: 5,
          isolated: { ...hand, reason: 'disk of bob' },
        },
        polling_paused: hand,
        limits: { ...buildResilience({ id: 'x' }).limits, origin: 'numbers', hand },
        alerts: [{ kind: 'breaker_open', severity: 'alert', value: 5, threshold: 0 }],
      }),
    ],
  });
  expect(text).not.toMatch(/secret|10\.0\.0\.7|bob|anna/);
  for (const part of [
    'server 1: live',
    'server 2: unreachable',
    'failures 5/5',
    'alerts: breaker_open',
    'until changed',
    'max_concurrent=4',
    'screens 45/69 in 98000 ms',
  ]) {
    expect(text).toContain(part);
  }
});
