import { describe, expect, it } from 'vitest';
import { DURATION_BOUNDS_MS, DurationHistogram } from './duration-histogram.ts';

describe('durations', () => {
  it('count below every bound that they do not exceed, the bound itself included', () => {
    const histogram = new DurationHistogram();
    for (const durationMs of [0, 5, 5.001, 1_000, 30_000, 30_001]) histogram.add(durationMs);
    const { count, sumMs, atMost } = histogram.figures();
    expect(count).toBe(6);
    expect(sumMs).toBeCloseTo(61_011.001);
    expect(Object.fromEntries(DURATION_BOUNDS_MS.map((bound, index) => [bound, atMost[index]]))).toMatchObject({
      5: 2,
      10: 3,
      500: 3,
      1000: 4,
      10000: 4,
      30000: 5,
    });
  });

  it('are all zero before the first one', () => {
    const { count, sumMs, atMost } = new DurationHistogram().figures();
    expect([count, sumMs, atMost.length, Math.max(...atMost)]).toEqual([0, 0, DURATION_BOUNDS_MS.length, 0]);
  });
});
