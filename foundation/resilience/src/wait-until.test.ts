import { ManualClock } from '@breakwater/kernel';
import { expect, it } from 'vitest';
import { constantBackoff, exponentialBackoff } from './backoff.ts';
import { type WaitUntilOptions, waitUntil } from './wait-until.ts';

function watch(probe: Parameters<typeof waitUntil<string>>[0], options: Partial<WaitUntilOptions> = {}) {
  const { clock = new ManualClock() } = options as { readonly clock?: ManualClock };
  const watched: { value?: string; error?: unknown } = {};
  waitUntil(probe, { key: 'machine-1', backoff: constantBackoff(1_000), deadlineMs: 60_000, clock, random: () => 0, ...options }).then(
    (value) => Object.assign(watched, { value }),
    (error: unknown) => Object.assign(watched, { error }),
  );
  return { clock, watched };
}

it('answers at once when there is nothing to wait for', async () => {
  const { clock, watched } = watch(() => 'up');
  await clock.advance(0);
  expect(watched).toEqual({ value: 'up' });
  expect(clock.pendingCount).toBe(1);
  await expect(waitUntil(() => 1, { key: 'x', backoff: constantBackoff(1), deadlineMs: 10 })).resolves.toBe(1);
});

it('asks with growing pauses until the answer is there', async () => {
  const askedAt: number[] = [];
  const waits: unknown[] = [];
  const clock = new ManualClock();
  const { watched } = watch(
    async () => {
      askedAt.push(clock.now());
      return askedAt.length === 4 ? 'up' : null;
    },
    { clock, backoff: exponentialBackoff({ firstMs: 1_000, capMs: 3_000, jitter: 'none' }), onWait: (wait) => waits.push(wait) },
  );
  await clock.advance(10_000);
  expect(askedAt).toEqual([0, 1_000, 3_000, 6_000]);
  expect(watched).toEqual({ value: 'up' });
  expect(waits[2]).toEqual({ asked: 3, delayMs: 3_000, error: undefined });
});

it('gives up at its deadline, also while a probe hangs, and asks no more', async () => {
  let asked = 0;
  const pausing = watch(
    () => {
      asked++;
      return null;
    },
    { deadlineMs: 2_500 },
  );
  await pausing.clock.advance(100_000);
  expect(asked).toBe(3);
  expect(pausing.watched.error).toMatchObject({ code: 'RESILIENCE_DEADLINE', key: 'machine-1' });
  const hanging = watch(() => new Promise(() => undefined), { deadlineMs: 2_500, op: 'boot' });
  await hanging.clock.advance(2_500);
  expect(hanging.watched.error).toMatchObject({ code: 'RESILIENCE_DEADLINE', details: { op: 'boot' } });
});

it('ends with the reason of its caller', async () => {
  const controller = new AbortController();
  const { clock, watched } = watch(() => null, { signal: controller.signal });
  await clock.advance(500);
  controller.abort(new Error('gave up'));
  await clock.advance(0);
  expect(watched.error).toMatchObject({ message: 'gave up' });
});

it('goes on after errors that belong to waiting, and ends with any other one', async () => {
  const errors = [new RangeError('refused'), new RangeError('refused'), new Error('wrong password')];
  const told: unknown[] = [];
  const { clock, watched } = watch(() => Promise.reject(errors.shift() ?? new Error('asked too often')), {
    tolerate: (error) => error instanceof RangeError,
    onWait: ({ error }) => told.push(error),
  });
  await clock.advance(10_000);
  expect(watched.error).toMatchObject({ message: 'wrong password' });
  expect(told).toHaveLength(2);
  const strict = watch(() => Promise.reject(new RangeError('refused')));
  await strict.clock.advance(0);
  expect(strict.watched.error).toMatchObject({ message: 'refused' });
});
