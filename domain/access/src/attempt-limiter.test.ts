import { ManualClock } from '@breakwater/kernel';
import { expect, it } from 'vitest';
import { AttemptLimiter } from './attempt-limiter.ts';

const LIMITS = { freeAttempts: 2, baseDelayMs: 100, maxDelayMs: 1_000, forgetAfterMs: 5_000, maxKeys: 3 };

it('doubles the wait up to its limit', () => {
  const limiter = new AttemptLimiter(new ManualClock(), LIMITS);
  const waits = Array.from({ length: 7 }, () => {
    limiter.begin('key');
    return limiter.waitMs('key');
  });
  expect(waits).toEqual([0, 100, 200, 400, 800, 1_000, 1_000]);
});

it('forgets a key that was quiet', async () => {
  const clock = new ManualClock();
  const limiter = new AttemptLimiter(clock, LIMITS);
  limiter.begin('key');
  limiter.begin('key');
  await clock.advance(5_000);
  expect(limiter.waitMs('key')).toBe(0);
  limiter.begin('key');
  expect(limiter.waitMs('key')).toBe(0);
});

it('remembers no more keys than it may', () => {
  const limiter = new AttemptLimiter(new ManualClock(), LIMITS);
  for (let index = 0; index < 100; index++) limiter.begin(`key ${index}`);
  expect(limiter.size).toBe(3);
});
