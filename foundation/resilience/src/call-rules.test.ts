import { createSeededRandom, ManualClock } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import type { ResilienceEvent } from './events.ts';
import type { LimiterSample } from './limiter.ts';
import { createPipeline } from './pipeline.ts';
import type { PipelineSpec } from './spec.ts';

function create(spec: PipelineSpec) {
  const clock = new ManualClock();
  const events: ResilienceEvent[] = [];
  const pipeline = createPipeline(spec, {
    key: 'server-1',
    clock,
    random: createSeededRandom(1),
    onEvent: (event) => void events.push(event),
  });
  const takes = <T>(ms: number, value: T | Error): Promise<T> =>
    new Promise((resolve, reject) => clock.after(ms, () => (value instanceof Error ? reject(value) : resolve(value))));
  return { clock, events, pipeline, takes };
}

const never = (): Promise<never> => new Promise(() => undefined);

describe('an attempt that is given up', () => {
  it.each(['canceled', 'deadline', 'timeout'] as const)('is told with its operation and why: %s', async (reason) => {
    const { clock, events, pipeline } = create({ attempt: { timeoutMs: reason === 'timeout' ? 50 : 1_000 }, deadlineMs: 100 });
    const abort = new AbortController();
    const ended = pipeline.attempt(never, { op: 'read', signal: abort.signal });
    if (reason === 'canceled') abort.abort(new Error('gone'));
    await clock.advance(100);
    expect((await ended).ok).toBe(false);
    expect(events).toContainEqual(expect.objectContaining({ kind: 'attempt.abandoned', op: 'read', attempt: 1, reason }));
  });
});

it('a call whose time is over while it waits is rejected, and counted and told as that', async () => {
  const { clock, events, pipeline } = create({ admission: { maxConcurrent: 1, interactiveReserve: 0 } });
  void pipeline.attempt(never);
  const late = pipeline.attempt(never, { op: 'late', deadlineMs: 100 });
  await clock.advance(100);
  expect(await late).toMatchObject({ ok: false, error: { code: 'RESILIENCE_DEADLINE' } });
  expect(pipeline.snapshot().calls.rejected).toBe(1);
  expect(events).toContainEqual(expect.objectContaining({ kind: 'call.rejected', op: 'late', code: 'RESILIENCE_DEADLINE' }));
});

it('a repetition after a timeout is told with the timeout, and begins after the pause from then', async () => {
  const { clock, events, pipeline, takes } = create({
    attempt: { timeoutMs: 50 },
    retry: { attempts: 2, backoff: { delayMs: () => 30 } },
  });
  let attempts = 0;
  const call = pipeline.run(() => (++attempts === 1 ? never() : takes(5, 'value')), { idempotent: true });
  await clock.advance(79);
  expect(attempts).toBe(1);
  await clock.advance(1);
  expect(attempts).toBe(2);
  await clock.advance(5);
  expect(await call).toBe('value');
  expect(events).toContainEqual(
    expect.objectContaining({
      kind: 'call.retried',
      attempt: 1,
      delayMs: 30,
      error: expect.objectContaining({ code: 'RESILIENCE_ATTEMPT_TIMEOUT' }),
    }),
  );
});

it('an error that is judged a success is not asked for again', async () => {
  const { pipeline } = create({ classify: () => ({ kind: 'success' }), retry: { attempts: 3, backoff: { delayMs: () => 0 } } });
  let attempts = 0;
  const outcome = await pipeline.attempt(() => Promise.reject(new Error(`no ${++attempts}`)), { idempotent: true });
  expect(outcome).toMatchObject({ ok: false, error: { message: 'no 1' } });
  expect(attempts).toBe(1);
});

it('a backoff hears its last pause', async () => {
  const heard: number[] = [];
  const { clock, pipeline } = create({
    retry: {
      attempts: 4,
      backoff: {
        delayMs: (_failures, previousMs) => {
          heard.push(previousMs);
          return 10 * heard.length;
        },
      },
    },
  });
  const call = pipeline.attempt(() => Promise.reject(new Error('no')), { idempotent: true });
  await clock.advance(100);
  expect((await call).ok).toBe(false);
  expect(heard).toEqual([0, 10, 20]);
});

describe('what a limiter learns of a call', () => {
  it('is how long it ran into the end of the whole operation, where that is its only limit', async () => {
    const samples: LimiterSample[] = [];
    const { clock, pipeline } = create({
      deadlineMs: 100,
      admission: {
        maxConcurrent: 4,
        limiter: {
          kind: 'custom',
          create: () => ({
            delayMs: 0,
            readyAtMs: () => 0,
            windowFor: () => 4,
            started: () => undefined,
            settled: (sample) => void samples.push(sample),
          }),
        },
      },
    });
    await clock.advance(1_000);
    const call = pipeline.attempt(never, { op: 'slow' });
    await clock.advance(100);
    expect((await call).ok).toBe(false);
    expect(samples).toMatchObject([{ verdict: { kind: 'timeout' }, op: 'slow', startedAtMs: 1_000, nowMs: 1_100, timeoutMs: 100 }]);
  });
});

describe('figures of durations', () => {
  it('are of successes for the quantiles, of all but what was called off for the rest', async () => {
    const { clock, pipeline, takes } = create({});
    const abort = new AbortController();
    await clock.advance(5_000);
    const calls = [
      pipeline.attempt(() => takes(100, 'value')),
      pipeline.attempt(() => takes(10_000, new Error('no'))),
      pipeline.attempt(never, { signal: abort.signal }),
    ];
    await clock.advance(10_000);
    abort.abort(new Error('gone'));
    await clock.advance(0);
    await Promise.all(calls);
    const { durations, p99Ms } = pipeline.snapshot().calls;
    expect(p99Ms).toBeGreaterThanOrEqual(90);
    expect(p99Ms).toBeLessThan(200);
    expect(durations.sumMs).toBe(10_100);
  });

  it('say that a call that never waited and never began took no time', async () => {
    const { clock, pipeline } = create({});
    pipeline.close();
    await clock.advance(1_000);
    expect(await pipeline.attempt(never)).toMatchObject({ ok: false, meta: { attempts: 0, waitedMs: 0, tookMs: 0 } });
  });

  it('say how long a call took that waited and never began', async () => {
    const { clock, pipeline } = create({ admission: { maxConcurrent: 1, interactiveReserve: 0 } });
    void pipeline.attempt(never);
    const late = pipeline.attempt(never, { deadlineMs: 70 });
    await clock.advance(70);
    expect(await late).toMatchObject({ ok: false, meta: { attempts: 0, waitedMs: 70, tookMs: 70 } });
  });
});
