import { describe, expect, it } from 'vitest';
import type { ResilienceEvent } from './events.ts';
import { type LogStyle, toBeginLine, toDoneLine, toLogLines } from './log-line.ts';
import type { EventBody } from './pipeline-core.ts';

function print(body: EventBody, options: { readonly style?: LogStyle; readonly key?: string } = {}): readonly string[] {
  const { style = 'esxi', key = 'server-123' } = options;
  return toLogLines({ ...body, key, atWallMs: 0 } as ResilienceEvent, { style }).map(({ level, text }) => `${level}: ${text}`);
}

const RETRIED = {
  kind: 'call.retried',
  op: 'list',
  attempt: 1,
  attempts: 3,
  delayMs: 1_200,
  verdict: { kind: 'timeout' },
  error: new Error('Connection timeout'),
} as const;
const ENDED = { kind: 'call.ended', op: 'list', priority: 'normal', waitedMs: 0, tookMs: 5, error: undefined } as const;

describe('in the words of spec 01 and 02', () => {
  it.each<[EventBody, readonly string[]]>([
    [
      { kind: 'breaker.opened', failures: 5, from: 'closed', openMs: 30_000, cause: 'consecutive' },
      ['warn: Circuit breaker OPEN for server-123 after 5 failures'],
    ],
    [
      { kind: 'breaker.opened', failures: 5, from: 'half-open', openMs: 30_000, cause: 'probe' },
      ['warn: Circuit breaker OPEN for server-123 again: the probe failed'],
    ],
    [
      { kind: 'breaker.opened', failures: 5, from: 'closed', openMs: 30_000, cause: 'failure-rate' },
      ['warn: Circuit breaker OPEN for server-123 after 5 failures'],
    ],
    [
      { kind: 'breaker.opened', failures: 0, from: 'closed', openMs: 30_000, cause: 'slow-rate' },
      ['warn: Circuit breaker OPEN for server-123 after too many slow calls'],
    ],
    [
      { kind: 'breaker.opened', failures: 0, from: 'closed', openMs: 30_000, cause: 'by-hand', reason: 'drill' },
      ['warn: Circuit breaker OPEN for server-123 by hand: drill'],
    ],
    [
      { kind: 'breaker.would-open', failures: 5, cause: 'consecutive' },
      ['info: Circuit breaker of server-123 would open after 5 failures (metrics only)'],
    ],
    [{ kind: 'breaker.half-opened' }, ['info: Circuit breaker HALF_OPEN for server-123']],
    [{ kind: 'breaker.closed', successes: 3 }, ['info: Circuit breaker CLOSED for server-123 after 3 successes']],
    [{ kind: 'breaker.reset', reason: 'by hand' }, ['info: Circuit breaker CLOSED for server-123 (by hand)']],
    [RETRIED, ['info: list on server-123: attempt 1/3 failed, retrying in 1.2s']],
    [
      { kind: 'limiter.slowed', requests: 5, windowMs: 2_300, delayMs: 1_000 },
      ['info: ESXi rate limit for server-123: 5 requests in 2.3s, increasing delay to 1.00s'],
    ],
    [{ kind: 'limiter.recovered' }, ['info: Rate limit for server-123 lifted']],
    [
      { kind: 'cache.served-stale', entry: 'stats', ageMs: 1, error: null },
      ['info: Returning stale stats cache for server-123 due to error'],
    ],
    [{ kind: 'call.rejected', op: 'list', code: 'RESILIENCE_CIRCUIT_OPEN', priority: 'low' }, []],
    [{ kind: 'attempt.abandoned', op: 'list', attempt: 1, reason: 'timeout' }, []],
    [{ ...ENDED, outcome: 'success', attempts: 2 }, []],
  ])('%j', (body, lines) => {
    expect(print(body)).toEqual(lines);
  });
});

describe('in the words of spec 04', () => {
  it.each<[EventBody, readonly string[]]>([
    [
      { ...RETRIED, attempt: 2, delayMs: 2_000, error: new Error('Connection error') },
      ['warn: Retry attempt 2/3 failed: Connection error, retrying in 2s...'],
    ],
    [
      { kind: 'breaker.opened', failures: 5, from: 'closed', openMs: 60_000, cause: 'consecutive' },
      ["warn: Circuit breaker 'pfsense_api' opened after 5 failures"],
    ],
    [{ kind: 'breaker.half-opened' }, ["info: Circuit breaker 'pfsense_api' half-open, testing connection"]],
    [{ kind: 'breaker.closed', successes: 1 }, ["info: Circuit breaker 'pfsense_api' closed"]],
    [{ kind: 'breaker.reset', reason: 'by hand' }, ["info: Circuit breaker 'pfsense_api' closed (by hand)"]],
    [{ kind: 'limiter.recovered' }, []],
    [{ ...ENDED, outcome: 'success', attempts: 2 }, []],
  ])('%j', (body, lines) => {
    expect(print(body, { style: 'mcp', key: 'pfsense_api' })).toEqual(lines);
  });

  it('keeps a foreign text inside its line', () => {
    const [line = ''] = print({ ...RETRIED, error: new Error(`bad\nINFO: forged\t${'x'.repeat(500)}`) }, { style: 'mcp' });
    expect(line).not.toContain('\n');
    expect(line.length).toBeLessThan(280);
  });
});

describe('in the words of spec 05', () => {
  it.each<[EventBody, readonly string[]]>([
    [RETRIED, ['warn: ⚠️  Attempt 1 failed: Connection timeout', 'info: 🔄 Retrying in 1.2s... (2 retries left)']],
    [{ ...RETRIED, attempt: 2 }, ['warn: ⚠️  Attempt 2 failed: Connection timeout', 'info: 🔄 Retrying in 1.2s... (1 retry left)']],
    [{ ...ENDED, outcome: 'success', attempts: 2 }, ['info: ✅ Operation succeeded after 2 attempts']],
    [{ ...ENDED, outcome: 'success', attempts: 1 }, []],
    [{ ...ENDED, outcome: 'canceled', attempts: 1 }, []],
    [
      { ...ENDED, outcome: 'failure', attempts: 3, error: new Error('no route') },
      ['warn: ⚠️  Attempt 3 failed: no route', 'error: ❌ All 3 attempts failed'],
    ],
    [{ ...ENDED, outcome: 'timeout', attempts: 1, error: 'late' }, ['warn: ⚠️  Attempt 1 failed: late']],
    [{ ...ENDED, outcome: 'rejected', attempts: 0, error: new Error('is open') }, ['error: ❌ is open']],
    [
      { kind: 'breaker.opened', failures: 3, from: 'closed', openMs: 60_000, cause: 'consecutive' },
      ['error: 🚨 Circuit breaker open: apt_repository'],
    ],
    [{ kind: 'breaker.closed', successes: 1 }, ['info: ✅ Circuit breaker closed: apt_repository']],
    [{ kind: 'breaker.half-opened' }, []],
  ])('%j', (body, lines) => {
    expect(print(body, { style: 'installer', key: 'apt_repository' })).toEqual(lines);
  });

  it('frames an operation', () => {
    expect(toBeginLine('Updating APT package lists')).toEqual({
      level: 'info',
      text: 'Updating APT package lists (with retry protection)...',
    });
    expect(toDoneLine('APT update')).toEqual({ level: 'info', text: '✅ APT update successful' });
  });
});
