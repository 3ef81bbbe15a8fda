import { createSeededRandom } from '@breakwater/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Backoff, constantBackoff, exponentialBackoff, type Jitter, linearBackoff, listBackoff } from './backoff.ts';

const half = (): number => 0.5;

function delays(backoff: Backoff, count: number, random = half): number[] {
  const found: number[] = [];
  for (let retry = 0; retry < count; retry++) found.push(backoff.delayMs(retry, found.at(-1) ?? 0, random));
  return found;
}

describe('formulas of the documents', () => {
  it('waits as spec 01 lists it: 5, 10, 20, 30, 30 s', () => {
    const backoff = exponentialBackoff({ firstMs: 5_000, capMs: 30_000, jitter: 'none' });
    expect(delays(backoff, 5)).toEqual([5_000, 10_000, 20_000, 30_000, 30_000]);
  });

  it('waits as spec 04 computes it: min(10, max(1, 1 * 2 ** attempt))', () => {
    const backoff = exponentialBackoff({ firstMs: 1_000, floorMs: 1_000, capMs: 10_000, jitter: 'none' });
    const expected = [0, 1, 2, 3].map((attempt) => 1_000 * Math.min(10, Math.max(1, 2 ** attempt)));
    expect(delays(backoff, 4)).toEqual(expected);
  });

  it('waits as spec 05 computes it: 1, 2, 4, 8 s and up to a tenth more', () => {
    const backoff = exponentialBackoff({ firstMs: 1_000, capMs: 30_000, jitter: { proportional: 0.1 } });
    expect(delays(backoff, 4, () => 0)).toEqual([1_000, 2_000, 4_000, 8_000]);
    expect(delays(backoff, 6)[5]).toBeCloseTo(31_500);
  });
});

it('applies the floor before the cap', () => {
  expect(delays(exponentialBackoff({ firstMs: 10, floorMs: 500, capMs: 600, jitter: 'none' }), 8)).toEqual([
    500, 500, 500, 500, 500, 500, 600, 600,
  ]);
});

it('does not overflow after very many attempts', () => {
  expect(exponentialBackoff({ firstMs: 1, capMs: 30_000, jitter: 'none' }).delayMs(5_000, 0, half)).toBe(30_000);
});

it('spreads with each kind of jitter as it says', () => {
  const options = { firstMs: 1_000, capMs: 8_000, floorMs: 200 };
  expect(exponentialBackoff({ ...options, jitter: 'full' }).delayMs(1, 0, half)).toBe(200 + (2_000 - 200) / 2);
  expect(exponentialBackoff({ ...options, jitter: 'equal' }).delayMs(1, 0, half)).toBe(1_500);
  expect(exponentialBackoff({ ...options, jitter: 'decorrelated' }).delayMs(1, 0, half)).toBe(2_000);
  expect(exponentialBackoff({ ...options, jitter: 'decorrelated' }).delayMs(1, 4_000, half)).toBe(6_500);
});

it('keeps every pause between floor and cap, whatever chance says', () => {
  const jitters: Jitter[] = ['none', 'full', 'equal', 'decorrelated'];
  fc.assert(
    fc.property(
      fc.nat(20_000),
      fc.nat(60_000),
      fc.nat(30),
      fc.constantFrom(...jitters),
      fc.nat(),
      (firstMs, spread, retry, jitter, seed) => {
        const floorMs = 100;
        const capMs = floorMs + spread;
        const random = createSeededRandom(seed);
        const backoff = exponentialBackoff({ firstMs, capMs, floorMs, jitter });
        const delayMs = backoff.delayMs(retry, backoff.delayMs(0, 0, random), random);
        expect(delayMs).toBeGreaterThanOrEqual(floorMs);
        expect(delayMs).toBeLessThanOrEqual(capMs);
      },
    ),
  );
});

it('may add up to the whole pause', () => {
  expect(constantBackoff(100, { proportional: 1 }).delayMs(0, 0, half)).toBe(150);
  expect(constantBackoff(100, { proportional: 0 }).delayMs(0, 0, half)).toBe(100);
});

it('offers constant, linear and listed pauses', () => {
  expect(delays(constantBackoff(300), 2)).toEqual([300, 300]);
  expect(delays(constantBackoff(300, 'full'), 2)).toEqual([150, 150]);
  expect(delays(linearBackoff({ stepMs: 100, capMs: 250 }), 4)).toEqual([100, 200, 250, 250]);
  expect(delays(linearBackoff({ stepMs: 100, capMs: 250, jitter: 'equal' }), 1)).toEqual([75]);
  expect(delays(listBackoff([1, 5, 9]), 5)).toEqual([1, 5, 9, 9, 9]);
});

it.each([
  ['a negative pause', () => constantBackoff(-1)],
  ['a pause that is no number', () => linearBackoff({ stepMs: Number.NaN, capMs: 1 })],
  ['a factor below one', () => exponentialBackoff({ firstMs: 1, capMs: 1, factor: 0.5 })],
  ['a floor above the cap', () => exponentialBackoff({ firstMs: 1, capMs: 1, floorMs: 2 })],
  ['a jitter above all', () => exponentialBackoff({ firstMs: 1, capMs: 1, jitter: { proportional: 2 } })],
  ['an empty list', () => listBackoff([])],
  ['a list with an endless pause', () => listBackoff([1, Number.POSITIVE_INFINITY])],
])('refuses %s', (_name, build) => {
  expect(build).toThrow(expect.objectContaining({ code: 'RESILIENCE_SPEC_INVALID' }));
});
