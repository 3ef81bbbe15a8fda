import { describe, expect, it } from 'vitest';
import { DelayLimiter } from './delay-limiter.ts';
import type { LimiterChange } from './limiter.ts';
import type { DelayLimiterSpec } from './limiter-spec.ts';

function create(spec: Partial<DelayLimiterSpec> = {}) {
  const changes: LimiterChange[] = [];
  const limiter = new DelayLimiter({ kind: 'delay', ...spec }, { onChange: (change) => changes.push(change) });
  const reject = (nowMs: number, timeoutMs?: number, startedAtMs = nowMs): void =>
    limiter.settled({ verdict: { kind: 'throttled' }, startedAtMs, nowMs, timeoutMs });
  const succeed = (nowMs: number, startedAtMs = nowMs): void =>
    limiter.settled({ verdict: { kind: 'success' }, startedAtMs, nowMs, timeoutMs: undefined });
  return { limiter, changes, reject, succeed };
}

describe('delay limiter', () => {
  it('slows nobody before the first rejection', () => {
    const { limiter, succeed } = create();
    limiter.started('normal', 1_000);
    succeed(1_100);
    expect(limiter.delayMs).toBe(0);
    expect(limiter.readyAtMs('normal')).toBeLessThanOrEqual(1_000);
    expect(limiter.windowFor()).toBe(Number.POSITIVE_INFINITY);
  });

  it('doubles at each rejection from half a second up to ten', () => {
    const { limiter, reject } = create();
    const delays: number[] = [];
    for (let second = 0; second < 6; second++) {
      reject(second * 1_000);
      delays.push(limiter.delayMs);
    }
    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  });

  it('shrinks by a tenth at each success, down to half a second', () => {
    const { limiter, reject, succeed } = create();
    reject(0);
    succeed(10);
    expect(limiter.delayMs).toBeCloseTo(900);
    for (let time = 0; time < 20; time++) succeed(20 + time);
    expect(limiter.delayMs).toBe(500);
  });

  it('takes timeout / (requests * 0.8) where the error names a timeout, counting the requests of that interval', () => {
    const { limiter, reject } = create();
    for (const startedAtMs of [0, 1_000, 26_000, 28_000, 30_000, 32_000]) limiter.started('normal', startedAtMs);
    reject(33_000, 10_000);
    expect(limiter.delayMs).toBeCloseTo(10_000 / (4 * 0.8));
  });

  it('doubles where the named timeout would ask for less than what was just rejected', () => {
    const { limiter, reject } = create();
    for (let time = 0; time < 100; time++) limiter.started('normal', time);
    reject(1_000, 1_000);
    expect(limiter.delayMs).toBe(1_000);
    reject(2_000, 1_000);
    expect(limiter.delayMs).toBeCloseTo(1_000 / 0.8);
    for (let time = 0; time < 100; time++) limiter.started('normal', 2_000 + time);
    reject(3_000, 1_000);
    expect(limiter.delayMs).toBeCloseTo(2_000 / 0.8);
  });

  it('takes a burst of parallel rejections for one', () => {
    const { limiter, reject, changes } = create();
    for (let time = 0; time < 4; time++) reject(1_000 + time, undefined, 500);
    expect(limiter.delayMs).toBe(1_000);
    expect(changes).toHaveLength(1);
    limiter.settled({ verdict: { kind: 'success' }, startedAtMs: 600, nowMs: 1_100, timeoutMs: undefined });
    expect(limiter.delayMs).toBe(1_000);
  });

  it('counts a timeout as a rejection, and nothing else', () => {
    const { limiter } = create();
    const settle = (verdict: Parameters<DelayLimiter['settled']>[0]['verdict']): void =>
      limiter.settled({ verdict, startedAtMs: 0, nowMs: 10, timeoutMs: undefined });
    settle({ kind: 'failure', transient: true });
    settle({ kind: 'ignored' });
    settle({ kind: 'canceled' });
    expect(limiter.delayMs).toBe(0);
    settle({ kind: 'timeout' });
    expect(limiter.delayMs).toBe(1_000);
  });

  it('lets background work wait and people pass', () => {
    const { limiter, reject } = create();
    reject(1_000);
    limiter.started('low', 2_000);
    limiter.started('critical', 2_500);
    expect(limiter.readyAtMs('low')).toBe(3_000);
    expect(limiter.readyAtMs('normal')).toBe(3_000);
    expect(limiter.readyAtMs('high')).toBeLessThan(2_000);
    expect(limiter.readyAtMs('critical')).toBeLessThan(2_000);
  });

  it('paces everybody when nobody is exempt', () => {
    const { limiter, reject } = create({ exempt: [] });
    reject(1_000);
    limiter.started('critical', 2_000);
    expect(limiter.readyAtMs('critical')).toBe(3_000);
  });

  it('leaves a server alone for as long as it asks, up to its own longest pause', () => {
    const { limiter } = create();
    limiter.settled({ verdict: { kind: 'throttled', retryAfterMs: 3_000 }, startedAtMs: 0, nowMs: 100, timeoutMs: undefined });
    expect(limiter.readyAtMs('critical')).toBe(3_100);
    limiter.settled({ verdict: { kind: 'throttled', retryAfterMs: 1 }, startedAtMs: 0, nowMs: 200, timeoutMs: undefined });
    expect(limiter.readyAtMs('critical')).toBe(3_100);
    limiter.settled({ verdict: { kind: 'throttled', retryAfterMs: 3_600_000 }, startedAtMs: 0, nowMs: 300, timeoutMs: undefined });
    expect(limiter.readyAtMs('critical')).toBe(10_300);
  });

  it('lifts the pause after a calm minute at the least value', () => {
    const { limiter, reject, succeed, changes } = create();
    reject(0);
    for (let time = 1; time <= 10; time++) succeed(time * 1_000);
    expect(limiter.delayMs).toBe(500);
    succeed(59_999);
    expect(limiter.delayMs).toBe(500);
    succeed(60_000);
    expect(limiter.delayMs).toBe(0);
    expect(changes.at(-1)).toEqual({ kind: 'limiter.recovered' });
  });

  it('tells how many requests led to it', () => {
    const { limiter, reject, changes } = create();
    for (const startedAtMs of [0, 500, 1_000, 1_500, 2_000]) limiter.started('normal', startedAtMs);
    reject(2_300);
    expect(changes).toEqual([{ kind: 'limiter.slowed', requests: 5, windowMs: 2_300, delayMs: 1_000 }]);
    limiter.started('normal', 4_000);
    reject(5_000, undefined, 4_000);
    expect(changes[1]).toEqual({ kind: 'limiter.slowed', requests: 1, windowMs: 1_000, delayMs: 2_000 });
    limiter.started('normal', 6_000);
    limiter.started('normal', 3_600_000);
    reject(3_600_100, undefined, 3_600_000);
    expect(changes[2]).toEqual({ kind: 'limiter.slowed', requests: 1, windowMs: 60_000, delayMs: 4_000 });
  });

  it('takes other bounds and factors', () => {
    const { limiter, reject, succeed } = create({ minMs: 100, maxMs: 300, increase: 4, decrease: 0.5, margin: 0.5, calmMs: 0 });
    limiter.started('normal', 0);
    reject(10, 120);
    expect(limiter.delayMs).toBe(240);
    reject(20);
    expect(limiter.delayMs).toBe(300);
    succeed(30);
    expect(limiter.delayMs).toBe(150);
    succeed(40);
    expect(limiter.delayMs).toBe(100);
    succeed(50);
    expect(limiter.delayMs).toBe(0);
  });
});
