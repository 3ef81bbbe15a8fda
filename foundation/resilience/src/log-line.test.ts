import { expect, it } from 'vitest';
import type { ResilienceEvent } from './events.ts';
import { toLogLine } from './log-line.ts';
import type { EventBody } from './pipeline-core.ts';

it.each<[EventBody, string | null]>([
  [
    { kind: 'breaker.opened', failures: 5, from: 'closed', openMs: 30_000, cause: 'consecutive' },
    'Circuit breaker OPEN for server-123 after 5 failures',
  ],
  [
    { kind: 'breaker.opened', failures: 5, from: 'half-open', openMs: 30_000, cause: 'probe' },
    'Circuit breaker OPEN for server-123 again: the probe failed',
  ],
  [
    { kind: 'breaker.opened', failures: 5, from: 'closed', openMs: 30_000, cause: 'failure-rate' },
    'Circuit breaker OPEN for server-123 after 5 failures',
  ],
  [
    { kind: 'breaker.opened', failures: 0, from: 'closed', openMs: 30_000, cause: 'slow-rate' },
    'Circuit breaker OPEN for server-123 after too many slow calls',
  ],
  [
    { kind: 'breaker.opened', failures: 0, from: 'closed', openMs: 30_000, cause: 'by-hand', reason: 'drill' },
    'Circuit breaker OPEN for server-123 by hand: drill',
  ],
  [
    { kind: 'breaker.would-open', failures: 5, cause: 'consecutive' },
    'Circuit breaker of server-123 would open after 5 failures (metrics only)',
  ],
  [{ kind: 'breaker.half-opened' }, 'Circuit breaker HALF_OPEN for server-123'],
  [{ kind: 'breaker.closed', successes: 3 }, 'Circuit breaker CLOSED for server-123 after 3 successes'],
  [{ kind: 'breaker.reset', reason: 'by hand' }, 'Circuit breaker CLOSED for server-123 (by hand)'],
  [
    { kind: 'limiter.slowed', requests: 5, windowMs: 2_300, delayMs: 1_000 },
    'ESXi rate limit for server-123: 5 requests in 2.3s, increasing delay to 1.00s',
  ],
  [{ kind: 'limiter.recovered' }, 'Rate limit for server-123 lifted'],
  [
    { kind: 'call.retried', op: 'list', attempt: 2, attempts: 3, delayMs: 2_000, verdict: { kind: 'timeout' }, error: undefined },
    'list on server-123: attempt 2/3 failed, retrying in 2.0s',
  ],
  [
    { kind: 'cache.served-stale', entry: 'stats', ageMs: 1, error: new Error('x') },
    'Returning stale stats cache for server-123 due to error',
  ],
  [{ kind: 'call.rejected', op: 'list', code: 'RESILIENCE_QUEUE_FULL', priority: 'low' }, null],
  [{ kind: 'attempt.abandoned', op: 'list', attempt: 1, reason: 'timeout' }, null],
])('prints %j as the documents do', (body, line) => {
  expect(toLogLine({ ...body, key: 'server-123', atWallMs: 0 } as ResilienceEvent)).toBe(line);
});
