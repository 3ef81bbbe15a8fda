import { ManualClock, PRIORITIES } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import type { LimiterChange } from './limiter.ts';
import type { WrittenDelaySpec } from './limiter-spec.ts';
import { createPipeline } from './pipeline.ts';
import type { Verdict } from './verdict.ts';
import { WrittenDelayLimiter } from './written-delay-limiter.ts';

const THROTTLED: Verdict = { kind: 'throttled' };
const SUCCESS: Verdict = { kind: 'success' };

function create(spec: Partial<WrittenDelaySpec> = {}) {
  const changes: LimiterChange[] = [];
  const limiter = new WrittenDelayLimiter({ kind: 'delay', law: 'as-written', ...spec }, { onChange: (change) => changes.push(change) });
  const settle = (verdict: Verdict, nowMs = 0, timeoutMs?: number): void => limiter.settled({ verdict, startedAtMs: 0, nowMs, timeoutMs });
  return { limiter, changes, settle };
}

describe('the law of spec 02 as written', () => {
  it.each([
    ['the example of the document: one error', 'e', 1_000],
    ['two errors', 'ee', 2_000],
    ['four errors', 'eeee', 8_000],
    ['five errors: no more than 10 s', 'eeeee', 10_000],
    ['thirty errors', 'e'.repeat(30), 10_000],
    ['a success: no less than 0.5 s', 's', 500],
    ['an error and a success', 'es', 900],
    ['an error and three successes', 'esss', 729],
    ['an error and seven successes', 'esssssss', 500],
    ['ten seconds and 28 successes', `eeeee${'s'.repeat(28)}`, 10_000 * 0.9 ** 28],
    ['ten seconds and 29 successes', `eeeee${'s'.repeat(29)}`, 500],
  ])('has after %s the documented pause', (_name, steps, delayMs) => {
    const { limiter, settle } = create();
    for (const each of steps) settle(each === 'e' ? THROTTLED : SUCCESS);
    expect(limiter.delayMs).toBeCloseTo(delayMs, 6);
  });

  it.each([
    [30_000, 12, 3_125],
    [30_000, 6, 6_250],
    [30_000, 3, 10_000],
    [20_000, 10, 2_500],
    [10_000, 100, 500],
    [8_000, 1, 10_000],
    [4_000, 1, 5_000],
    [4_000, 0, 5_000],
  ])('takes a timeout of %i ms with %i requests for a pause of %i ms, whatever the pause was', (timeoutMs, requests, delayMs) => {
    for (const before of ['', 'eeeee']) {
      const { limiter, settle } = create();
      for (const _error of before) settle(THROTTLED);
      for (let index = 0; index < requests; index++) limiter.started('normal', 100_000 + index);
      settle(THROTTLED, 101_000, timeoutMs);
      expect(limiter.delayMs).toBeCloseTo(delayMs, 6);
    }
  });

  it('counts the requests of the timeout, its first instant included', () => {
    const { limiter, settle } = create();
    for (const startedAtMs of [0, 19_999, 20_000, 22_000, 29_000]) limiter.started('normal', startedAtMs);
    settle({ kind: 'timeout' }, 30_000, 10_000);
    expect(limiter.delayMs).toBeCloseTo(10_000 / (3 * 0.8), 6);
  });

  it('remembers 256 requests and no more', () => {
    const { limiter, settle } = create({ minMs: 1 });
    for (let time = 0; time < 300; time++) limiter.started('normal', time);
    settle(THROTTLED, 1_000, 1_024);
    expect(limiter.delayMs).toBeCloseTo(5, 6);
  });

  it('counts every error of a burst, and no outcome but refusals, timeouts and successes', () => {
    const { limiter, settle } = create();
    for (let time = 0; time < 3; time++) settle({ kind: 'timeout' }, time);
    expect(limiter.delayMs).toBe(4_000);
    for (const verdict of [{ kind: 'failure', transient: true }, { kind: 'ignored' }, { kind: 'canceled' }] as const) settle(verdict);
    expect(limiter.delayMs).toBe(4_000);
    settle({ kind: 'throttled', retryAfterMs: 60_000 });
    expect(limiter.delayMs).toBe(8_000);
    expect(limiter.readyAtMs()).toBeLessThan(0);
  });

  it('pauses before every call of anybody, from the first one on', async () => {
    const clock = new ManualClock();
    const spec = { admission: { maxConcurrent: 12, limiter: { kind: 'delay', law: 'as-written' } } } as const;
    const pipeline = createPipeline(spec, { key: 'a', clock });
    const starts: number[] = [];
    const calls = PRIORITIES.map((priority) => pipeline.run(() => starts.push(clock.now()), { priority }));
    expect(pipeline.snapshot().queue).toMatchObject({ delayMs: 500, window: 12 });
    await clock.advance(2_000);
    await Promise.all(calls);
    const [first = Number.NaN] = starts;
    expect(starts.map((startMs) => startMs - first)).toEqual([0, 500, 1_000, 1_500]);
  });

  it('tells of longer pauses with the requests since the last one, and when it is at its least again', () => {
    const { limiter, settle, changes } = create();
    for (const startedAtMs of [0, 500, 1_000, 1_500, 2_000]) limiter.started('normal', startedAtMs);
    settle(THROTTLED, 2_300);
    settle(THROTTLED, 2_300);
    limiter.started('normal', 4_000);
    settle(THROTTLED, 4_500);
    expect(changes).toEqual([
      { kind: 'limiter.slowed', requests: 5, windowMs: 2_300, delayMs: 1_000 },
      { kind: 'limiter.slowed', requests: 1, windowMs: 0, delayMs: 2_000 },
      { kind: 'limiter.slowed', requests: 1, windowMs: 500, delayMs: 4_000 },
    ]);
    for (let time = 0; time < 30; time++) settle(SUCCESS);
    expect(changes.slice(3)).toEqual([{ kind: 'limiter.recovered' }]);
  });

  it('takes other bounds and factors', () => {
    const { limiter, settle } = create({ minMs: 100, maxMs: 300, increase: 2.5, decrease: 0.5, margin: 0.5 });
    settle(THROTTLED);
    expect(limiter.delayMs).toBe(250);
    settle(THROTTLED);
    expect(limiter.delayMs).toBe(300);
    settle(SUCCESS);
    expect(limiter.delayMs).toBe(150);
    settle(THROTTLED, 0, 80);
    expect(limiter.delayMs).toBe(160);
  });
});
