import { describe, expect, it } from 'vitest';
import { FairLine } from './fair-line.ts';
import type { Waiter } from './waiting-queue.ts';

function createWaiter(fairKey: string | undefined, waitingSinceMs: number): Waiter {
  return { level: 2, waitingSinceMs, fairKey, place: null };
}

/** Keys with as many waiters as their number, all of the same age. */
function create(counts: Readonly<Record<string, number>>) {
  const line = new FairLine();
  const waiters = Object.entries(counts).flatMap(([key, count]) => Array.from({ length: count }, () => createWaiter(key, 0)));
  for (const waiter of waiters) line.add(waiter);
  const of = (key: string): Waiter[] => waiters.filter(({ fairKey }) => fairKey === key);
  return { line, of };
}

describe('fair line', () => {
  it('of nobody has no next, no oldest and no longest', () => {
    const line = new FairLine();
    expect([line.next, line.oldest, line.newestOfLongest, line.longest, line.length, line.lengthOf('a'), line.lengthOf(undefined)]).toEqual(
      [null, null, null, 0, 0, 0, 0],
    );
    expect([...line]).toEqual([]);
  });

  it('is not changed by somebody leaving who is not in it', () => {
    const { line, of } = create({ a: 2 });
    const [first] = of('a');
    if (first !== undefined) for (let time = 0; time < 3; time++) line.remove(first, 'taken');
    line.remove(createWaiter('a', 0), 'kept');
    expect([line.length, line.lengthOf('a'), line.longest, [...line].length]).toEqual([1, 1, 1, 1]);
  });

  it('knows the longest key and its newest as keys grow and shrink past each other', () => {
    const { line, of } = create({ a: 3, b: 3, c: 2 });
    const lengths: number[] = [];
    const leave = (key: string): void => {
      const waiter = of(key).find(({ place }) => place !== null);
      if (waiter !== undefined) line.remove(waiter, 'kept');
      lengths.push(line.longest);
    };
    expect(line.longest).toBe(3);
    for (const key of ['a', 'b', 'b', 'c', 'a', 'a', 'c', 'b']) leave(key);
    expect(lengths).toEqual([3, 2, 2, 2, 1, 1, 1, 0]);
    expect(line.newestOfLongest).toBeNull();
  });

  it('forgets a key with its last waiter, and takes it up again at the end of the round', () => {
    const { line, of } = create({ a: 1, b: 1 });
    const [a] = of('a');
    if (a !== undefined) line.remove(a, 'kept');
    expect([line.lengthOf('a'), line.next?.fairKey]).toEqual([0, 'b']);
    line.add(createWaiter('a', 1));
    expect([line.lengthOf('a'), line.next?.fairKey, line.oldest?.fairKey]).toEqual([1, 'b', 'b']);
  });

  it('keeps the turn where it is when a whole key leaves from the middle of the round', () => {
    const { line, of } = create({ a: 1, b: 1, c: 1 });
    const [b] = of('b');
    if (b !== undefined) line.remove(b, 'kept');
    expect(line.next?.fairKey).toBe('a');
  });

  it('keeps the turn of the others when one leaves that has none', () => {
    const { line, of } = create({ a: 1, b: 2, c: 1 });
    const [second] = of('b');
    if (second !== undefined) line.remove(second, 'taken');
    expect(line.next?.fairKey).toBe('a');
    const [c] = of('c');
    if (c !== undefined) line.remove(c, 'taken');
    expect([line.next?.fairKey, line.length]).toEqual(['a', 2]);
  });
});
