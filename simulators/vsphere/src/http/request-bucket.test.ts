import { ManualClock } from '@breakwater/kernel';
import { expect, it } from 'vitest';
import { RequestBucket } from './request-bucket.ts';

it('lets a second of requests through at once, then as many a second as it is set to', async () => {
  const clock = new ManualClock();
  const bucket = new RequestBucket(clock);
  const take = (count: number): readonly boolean[] => Array.from({ length: count }, () => bucket.take(3));
  expect(take(4)).toEqual([true, true, true, false]);
  await clock.advance(1_000);
  expect(take(4)).toEqual([true, true, true, false]);
  await clock.advance(400);
  expect(take(2)).toEqual([true, false]);
});

it('lets one through now and then when the rate is below one', async () => {
  const clock = new ManualClock();
  const bucket = new RequestBucket(clock);
  expect([bucket.take(0.5), bucket.take(0.5)]).toEqual([true, false]);
  await clock.advance(2_000);
  expect([bucket.take(0.5), bucket.take(0.5)]).toEqual([true, false]);
});
