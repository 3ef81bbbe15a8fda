import { expect, it } from 'vitest';
import { type AgeCell, AgeList } from './age-list.ts';

it('keeps the oldest first and the newest last, whatever comes in between', () => {
  const list = new AgeList<AgeCell>();
  const add = (sinceMs: number): AgeCell => {
    const cell: AgeCell = { sinceMs, ahead: null, behind: null };
    list.add(cell);
    return cell;
  };
  const ages = (): number[] => {
    const seen: number[] = [];
    for (let cell: AgeCell | null = list.first; cell !== null; cell = cell.behind) seen.push(cell.sinceMs);
    return seen;
  };
  const [first, , middle] = [add(10), add(30), add(20), add(5)];
  expect([list.first?.sinceMs, list.last?.sinceMs, list.length]).toEqual([5, 30, 4]);
  add(25);
  expect(ages()).toEqual([5, 10, 20, 25, 30]);
  for (const cell of [first, middle]) if (cell !== undefined) list.remove(cell);
  expect([ages(), list.length]).toEqual([[5, 25, 30], 3]);
});
