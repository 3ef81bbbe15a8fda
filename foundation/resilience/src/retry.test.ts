import { expect, it } from 'vitest';
import { constantBackoff } from './backoff.ts';
import { decideRetryMs } from './retry.ts';
import type { Verdict } from './verdict.ts';

const decide = (verdict: Verdict, retryAfterCapMs?: number): number | null =>
  decideRetryMs(
    { attempts: 3, backoff: constantBackoff(100), ...(retryAfterCapMs === undefined ? {} : { retryAfterCapMs }) },
    { verdict, retry: 0, previousMs: 0, random: () => 0.5 },
  );

it.each<[Verdict, number | null]>([
  [{ kind: 'failure', transient: true }, 100],
  [{ kind: 'timeout' }, 100],
  [{ kind: 'throttled' }, 100],
  [{ kind: 'throttled', retryAfterMs: 50 }, 100],
  [{ kind: 'throttled', retryAfterMs: 60_000 }, 60_000],
  [{ kind: 'throttled', retryAfterMs: 60_001 }, null],
  [{ kind: 'failure', transient: false }, null],
  [{ kind: 'ignored' }, null],
  [{ kind: 'canceled' }, null],
  [{ kind: 'success' }, null],
])('after %j pauses for %s ms', (verdict, expected) => {
  expect(decide(verdict)).toBe(expected);
});

it('waits no longer than its cap allows, however politely it is asked', () => {
  expect(decide({ kind: 'throttled', retryAfterMs: 1 }, 0)).toBeNull();
  expect(decide({ kind: 'throttled', retryAfterMs: 0 }, 0)).toBe(100);
});
