import { expect, it } from 'vitest';
import { SampleRing } from './sample-ring.ts';

const fill = (size: number, count: number): SampleRing => {
  const ring = new SampleRing({ size, width: 2 });
  for (let at = 1; at <= count; at++) ring.add(at * 1_000, [at, at % 2 === 0 ? Number.NaN : 1]);
  return ring;
};

it('keeps the latest samples in order, and says where nothing was measured', () => {
  const ring = fill(3, 5);
  expect(ring.times()).toEqual([3_000, 4_000, 5_000]);
  expect(ring.column(0)).toEqual([3, 4, 5]);
  expect(ring.column(1)).toEqual([1, null, 1]);
  expect(ring.sum(0, 4_000)).toBe(9);
  expect(ring.sum(1, 0)).toBe(2);
  expect(fill(3, 0).times()).toEqual([]);
});

it('comes back from its bytes, without what is too old', () => {
  const bytes = fill(3, 5).dump();
  const ring = new SampleRing({ size: 3, width: 2 });
  expect(ring.restore(bytes, { fromMs: 4_000, untilMs: 9_000 })).toBe(true);
  expect(ring.times()).toEqual([4_000, 5_000]);
  expect(ring.column(0)).toEqual([4, 5]);
  expect(ring.column(1)).toEqual([null, 1]);
});

it('takes nothing from bytes of another shape, of a larger ring, of the future or out of order', () => {
  const bytes = fill(3, 3).dump();
  const restore = (data: Uint8Array, options: { readonly size?: number; readonly untilMs?: number } = {}): boolean => {
    const ring = new SampleRing({ size: options.size ?? 3, width: 2 });
    const isTaken = ring.restore(data, { fromMs: 0, untilMs: options.untilMs ?? 9_000 });
    expect(ring.length).toBe(isTaken ? 3 : 0);
    return isTaken;
  };
  expect(restore(bytes)).toBe(true);
  expect(restore(bytes.subarray(1))).toBe(false);
  expect(restore(bytes, { size: 2 })).toBe(false);
  expect(restore(bytes, { untilMs: 2_000 })).toBe(false);
  const mixed = bytes.slice();
  mixed.copyWithin(0, 16, 24);
  expect(restore(mixed)).toBe(false);
});
