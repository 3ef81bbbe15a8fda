import { createSeededRandom, ManualClock } from '@breakwater/kernel';
import { expect, it } from 'vitest';
import type { ResilienceEvent } from '../events.ts';
import { toLogLines } from '../log-line.ts';
import { createPipeline } from '../pipeline.ts';
import { validateSpec } from '../spec.ts';
import { ESXI_LIMITS, ESXI_REFRESH, ESXI_SCREEN_TIMEOUT_MS, ESXI_SITES, esxiPreset } from './esxi.ts';

it('has the values of spec 01', () => {
  expect(ESXI_LIMITS).toEqual({
    maxConcurrent: 4,
    minIntervalMs: 150,
    failureThreshold: 5,
    recoveryMs: 30_000,
    successThreshold: 3,
    requestTimeoutMs: 30_000,
  });
  expect(ESXI_SCREEN_TIMEOUT_MS).toBe(20_000);
  expect(ESXI_REFRESH.listFreshMs).toBe(60_000);
  expect(Object.entries(ESXI_SITES).map(([size, site]) => [size, site.maxConcurrent, site.minIntervalMs, site.screenFreshMs])).toEqual([
    ['small', 6, 100, 180_000],
    ['middle', 4, 150, 120_000],
    ['large', 4, 200, 300_000],
  ]);
  expect(ESXI_SITES.large.listFreshMs).toBe(120_000);
});

it('is a valid specification, also with other limits', () => {
  expect(() => validateSpec(esxiPreset())).not.toThrow();
  const classify = () => ({ kind: 'success' }) as const;
  const spec = esxiPreset({ limits: { maxConcurrent: 1, minIntervalMs: 0, requestTimeoutMs: 5_000 }, classify });
  expect(() => validateSpec(spec)).not.toThrow();
  expect(spec).toMatchObject({ classify, attempt: { timeoutMs: 5_000 }, admission: { maxConcurrent: 1 } });
});

it('pauses as spec 02 does, or learns as it is told to', () => {
  expect(esxiPreset().admission?.limiter).toEqual({ kind: 'delay' });
  const spec = esxiPreset({ limiter: { kind: 'pacedWindow' } });
  expect(() => validateSpec(spec)).not.toThrow();
  expect(spec.admission).toEqual({ maxConcurrent: 4, minIntervalMs: 150, limiter: { kind: 'pacedWindow' } });
});

it('opens after 5 failures, waits 30 s, closes after 3 successes, and logs it as spec 02 shows', async () => {
  const clock = new ManualClock();
  const events: ResilienceEvent[] = [];
  const pipeline = createPipeline(esxiPreset(), {
    key: 'server-123',
    clock,
    random: createSeededRandom(1),
    onEvent: (event) => events.push(event),
  });
  let isDown = true;
  const call = (): Promise<unknown> => {
    const result = pipeline.attempt(async () => {
      if (isDown) throw new Error('503');
      return 1;
    });
    return clock.advance(200).then(() => result);
  };
  for (let time = 0; time < 6; time++) await call();
  expect(pipeline.snapshot()).toMatchObject({ breaker: { state: 'open', rejected: 1 }, calls: { failed: 5, rejected: 1 } });
  isDown = false;
  await clock.advance(30_000);
  for (let time = 0; time < 3; time++) await call();
  expect(pipeline.breaker?.state).toBe('closed');
  expect(events.flatMap((event) => toLogLines(event).map(({ text }) => text))).toEqual([
    'Circuit breaker OPEN for server-123 after 5 failures',
    'Circuit breaker HALF_OPEN for server-123',
    'Circuit breaker CLOSED for server-123 after 3 successes',
  ]);
});
