import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createRunningMean, LatencyHistogram } from './figures.ts';

it('names quantiles to an eighth of their value', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 1, max: 1_000_000, noNaN: true }), { minLength: 1, maxLength: 200 }), (durations) => {
      const histogram = new LatencyHistogram();
      for (const durationMs of durations) histogram.add(durationMs);
      const sorted = [...durations].sort((a, b) => a - b);
      for (const share of [0.5, 0.95, 0.99]) {
        const exact = sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN;
        expect(Math.abs(histogram.quantileMs(share) - exact) / exact).toBeLessThanOrEqual(1 / 8);
      }
    }),
  );
});

it('has a place for what is shorter than a millisecond and longer than an hour', () => {
  const histogram = new LatencyHistogram();
  expect(histogram.quantileMs(0.5)).toBe(0);
  histogram.add(0.2);
  expect(histogram.quantileMs(0.5)).toBe(0.5);
  histogram.add(1e12);
  expect(histogram.quantileMs(1)).toBeGreaterThan(3_600_000);
});

it('forms a mean that follows what happens now', () => {
  const mean = createRunningMean();
  expect(mean.value).toBe(0);
  mean.add(10);
  mean.add(20);
  expect(mean.value).toBe(15);
  for (let time = 0; time < 200; time++) mean.add(100);
  expect(mean.value).toBeGreaterThan(99);
});
