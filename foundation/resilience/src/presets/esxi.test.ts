import { createSeededRandom, ManualClock, sleep } from '@breakwater/kernel';
import { expect, it } from 'vitest';
import type { ResilienceEvent } from '../events.ts';
import { toLogLines } from '../log-line.ts';
import { createPipeline } from '../pipeline.ts';
import { validateSpec } from '../spec.ts';
import {
  ESXI_CLASSIC_LIMITS,
  ESXI_LIMITS,
  ESXI_REFRESH,
  ESXI_SCREEN_TIMEOUT_MS,
  ESXI_SITES,
  esxiClassicPreset,
  esxiPreset,
} from './esxi.ts';

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

it('learns the pace inside the bounds of spec 01, or pauses as spec 02 does', () => {
  expect(esxiPreset().admission?.limiter).toEqual({ kind: 'pacedWindow' });
  const spec = esxiPreset({ limiter: { kind: 'delay' } });
  expect(() => validateSpec(spec)).not.toThrow();
  expect(spec.admission).toEqual({ maxConcurrent: 4, minIntervalMs: 150, limiter: { kind: 'delay' } });
});

it('has spec 02 word for word in the classic one, with other limits too', () => {
  const limiter = { kind: 'delay', law: 'as-written' } as const;
  expect(ESXI_CLASSIC_LIMITS).toEqual({ ...ESXI_LIMITS, maxConcurrent: 12 });
  expect(esxiClassicPreset()).toMatchObject({
    admission: { maxConcurrent: 12, minIntervalMs: 150, limiter },
    breaker: { trip: { failures: 5 }, openMs: 30_000, halfOpen: { successes: 3 } },
  });
  expect(() => validateSpec(esxiClassicPreset())).not.toThrow();
  expect(esxiClassicPreset({ limits: { maxConcurrent: 2 } }).admission).toEqual({ maxConcurrent: 2, minIntervalMs: 150, limiter });
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

it.each([
  [{ kind: 'pacedWindow' }, 0, 15],
  [{ kind: 'delay' }, 60, 600],
] as const)('is paced below one call a second for $kind no longer than a while after an overload', async (limiter, leastS, mostS) => {
  const clock = new ManualClock();
  const busy = new Error('503');
  let isOverloaded = false;
  let underWay = 0;
  const pipeline = createPipeline(
    esxiPreset({
      // The breaker is another matter: here it stays closed.
      limits: { failureThreshold: 10_000 },
      limiter,
      classify: ({ ok }) => ({ kind: ok ? 'success' : 'throttled' }),
    }),
    { key: 'a', clock, random: createSeededRandom(1) },
  );
  const ask = async (): Promise<void> => {
    underWay++;
    await pipeline.attempt(
      async () => {
        await sleep(clock, 200);
        if (isOverloaded) throw busy;
      },
      { op: 'GET /screen', priority: 'low', idempotent: false },
    );
    underWay--;
  };
  /** Two screens at a time, as the fleet takes them. */
  const drive = async (seconds: number, isOver: () => boolean = () => false): Promise<number> => {
    for (let turn = 0; turn < seconds * 10; turn++) {
      if (isOver()) return turn / 10;
      while (underWay < 2) void ask();
      await clock.advance(100);
    }
    return seconds;
  };
  await drive(30);
  isOverloaded = true;
  await drive(120);
  expect(pipeline.snapshot().queue?.delayMs).toBeGreaterThan(5_000);
  isOverloaded = false;
  const tookS = await drive(1_000, () => (pipeline.snapshot().queue?.delayMs ?? 0) < 1_000);
  expect(tookS).toBeGreaterThan(leastS);
  expect(tookS).toBeLessThan(mostS);
  pipeline.close();
});
