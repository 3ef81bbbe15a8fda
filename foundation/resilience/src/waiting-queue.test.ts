import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Waiter, WaitingQueue } from './waiting-queue.ts';

interface Named extends Waiter {
  readonly name: string;
}

function createWaiter(name: string, level: number, waitingSinceMs: number, fairKey?: string): Named {
  return { name, level, waitingSinceMs, fairKey, place: null };
}

const all = (): boolean => true;

function takeAll(queue: WaitingQueue<Named>, nowMs = 100): string[] {
  const served: string[] = [];
  for (let next = queue.next(nowMs, all); next !== null; next = queue.next(nowMs, all)) {
    served.push(next.name);
    queue.take(next);
  }
  return served;
}

describe('waiting queue', () => {
  it('serves the most urgent first and equals in the order they came', () => {
    const queue = new WaitingQueue<Named>({ agingMs: 1_000 });
    for (const waiter of [
      createWaiter('low', 3, 0),
      createWaiter('normal 1', 2, 1),
      createWaiter('normal 2', 2, 2),
      createWaiter('critical', 0, 3),
    ]) {
      queue.add(waiter);
    }
    const served: string[] = [];
    for (let next = queue.next(10, all); next !== null; next = queue.next(10, all)) {
      served.push(next.name);
      queue.remove(next);
    }
    expect(served).toEqual(['critical', 'normal 1', 'normal 2', 'low']);
  });

  it('lets a low one pass newer high ones once it has aged, but never a critical one', () => {
    const queue = new WaitingQueue<Named>({ agingMs: 1_000 });
    queue.add(createWaiter('low', 3, 0));
    queue.add(createWaiter('high', 1, 1_500));
    expect(queue.next(1_999, all)?.name).toBe('high');
    expect(queue.next(2_000, all)?.name).toBe('low');
    queue.add(createWaiter('critical', 0, 50_000));
    expect(queue.next(100_000, all)?.name).toBe('critical');
  });

  it('prefers the more urgent of two that have waited as long', () => {
    const queue = new WaitingQueue<Named>({ agingMs: 1_000 });
    queue.add(createWaiter('normal', 2, 0));
    queue.add(createWaiter('high', 1, 0));
    expect(queue.next(5_000, all)?.name).toBe('high');
  });

  it('puts a repeated attempt back where its first one stood', () => {
    const queue = new WaitingQueue<Named>({ agingMs: 1_000 });
    queue.add(createWaiter('first', 2, 10));
    queue.add(createWaiter('second', 2, 20));
    queue.add(createWaiter('repeated', 2, 15));
    queue.add(createWaiter('oldest', 2, 5));
    expect(queue.toArray().map((waiter) => waiter.name)).toEqual(['oldest', 'first', 'repeated', 'second']);
  });

  it('skips levels that may not start', () => {
    const queue = new WaitingQueue<Named>({ agingMs: 1_000 });
    queue.add(createWaiter('normal', 2, 0));
    queue.add(createWaiter('low', 3, 0));
    expect(queue.next(0, ({ level }) => level === 3)?.name).toBe('low');
    expect(queue.next(0, () => false)).toBeNull();
  });

  it('names the newest of the least urgent as the one to turn away', () => {
    const queue = new WaitingQueue<Named>({ agingMs: 1_000 });
    queue.add(createWaiter('low 1', 3, 0));
    queue.add(createWaiter('low 2', 3, 1));
    queue.add(createWaiter('high', 1, 1));
    expect(queue.leastDeserving({ level: 2, fairKey: undefined })?.name).toBe('low 2');
    expect(queue.leastDeserving({ level: 3, fairKey: undefined })).toBeNull();
    expect(queue.lengthOf(3)).toBe(2);
  });

  it('lets keys take turns within a level, and those without a key share one', () => {
    const queue = new WaitingQueue<Named>({ agingMs: 1_000 });
    for (let index = 0; index < 4; index++) queue.add(createWaiter(`a${index}`, 2, index, 'a'));
    for (let index = 0; index < 2; index++) queue.add(createWaiter(`b${index}`, 2, 10 + index, 'b'));
    for (let index = 0; index < 2; index++) queue.add(createWaiter(`-${index}`, 2, 20 + index));
    expect(takeAll(queue)).toEqual(['a0', 'b0', '-0', 'a1', 'b1', '-1', 'a2', 'a3']);
  });

  it('keeps the turn of a key whose first waiter gives up', () => {
    const queue = new WaitingQueue<Named>({ agingMs: 1_000 });
    const first = createWaiter('a0', 2, 0, 'a');
    for (const waiter of [first, createWaiter('a1', 2, 1, 'a'), createWaiter('b0', 2, 2, 'b')]) queue.add(waiter);
    queue.remove(first);
    expect(takeAll(queue)).toEqual(['a1', 'b0']);
  });

  it('ages a level by its oldest, whoever has the turn', () => {
    const queue = new WaitingQueue<Named>({ agingMs: 1_000 });
    queue.add(createWaiter('a0', 3, 0, 'a'));
    queue.add(createWaiter('a1', 3, 0, 'a'));
    queue.add(createWaiter('b0', 3, 2_500, 'b'));
    queue.add(createWaiter('normal', 2, 2_400));
    expect(takeAll(queue, 2_600)).toEqual(['a0', 'b0', 'a1', 'normal']);
  });

  it('turns away the newest of the key that has most waiters, in favour of a key that has fewer', () => {
    const queue = new WaitingQueue<Named>({ agingMs: 1_000 });
    for (let index = 0; index < 3; index++) queue.add(createWaiter(`a${index}`, 2, index, 'a'));
    queue.add(createWaiter('b0', 2, 5, 'b'));
    expect(queue.leastDeserving({ level: 2, fairKey: 'b' })?.name).toBe('a2');
    expect(queue.leastDeserving({ level: 2, fairKey: 'c' })?.name).toBe('a2');
    expect(queue.leastDeserving({ level: 2, fairKey: 'a' })).toBeNull();
    queue.add(createWaiter('b1', 2, 6, 'b'));
    expect(queue.leastDeserving({ level: 2, fairKey: 'b' })).toBeNull();
  });

  it('knows only four levels', () => {
    expect(() => new WaitingQueue<Named>({ agingMs: 1 }).add(createWaiter('x', 4, 0))).toThrow(RangeError);
  });

  it('agrees with a sorted list in any order of adding, removing and taking', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('add' as const), level: fc.nat(3), age: fc.nat(300) }),
      fc.record({ kind: fc.constant('remove' as const), pick: fc.nat(50) }),
      fc.record({ kind: fc.constant('take' as const) }),
      fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(200) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const queue = new WaitingQueue<Named>({ agingMs: 100 });
        const model: Named[] = [];
        const seen: unknown[] = [];
        const expected: unknown[] = [];
        let now = 1_000;
        let serial = 0;
        const aged = (waiter: Named): number =>
          waiter.level < 2 ? waiter.level : Math.max(1, waiter.level - Math.floor((now - waiter.waitingSinceMs) / 100));
        for (const action of steps) {
          if (action.kind === 'wait') {
            now += action.ms;
          } else if (action.kind === 'add') {
            const waiter = createWaiter(`${serial++}`, action.level, now - action.age);
            queue.add(waiter);
            model.push(waiter);
          } else if (action.kind === 'remove') {
            const [waiter] = model.splice(action.pick % Math.max(1, model.length), 1);
            if (waiter !== undefined) queue.remove(waiter);
          } else {
            const next = queue.next(now, all);
            const best = [...model].sort(
              (a, b) => aged(a) - aged(b) || a.waitingSinceMs - b.waitingSinceMs || a.level - b.level || Number(a.name) - Number(b.name),
            )[0];
            seen.push(next?.name);
            expected.push(best?.name);
            if (next !== null) {
              queue.remove(next);
              model.splice(model.indexOf(next), 1);
            }
          }
          seen.push(queue.size, queue.toArray().length);
          expected.push(model.length, model.length);
        }
        expect(seen).toEqual(expected);
      }),
      { numRuns: 10_000 },
    );
  }, 60_000);

  it('shares fairly between any keys, and knows who has most, in any order of what happens', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('add' as const), key: fc.constantFrom('a', 'b', 'c', undefined) }),
      fc.record({ kind: fc.constant('remove' as const), pick: fc.nat(50) }),
      fc.record({ kind: fc.constant('take' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const queue = new WaitingQueue<Named>({ agingMs: 1_000_000 });
        /** Round of keys, each with its waiters, oldest first. */
        const round: { readonly key: string | undefined; readonly waiters: Named[] }[] = [];
        const seen: unknown[] = [];
        const expected: unknown[] = [];
        let serial = 0;
        const drop = (waiter: Named, turn: 'taken' | 'kept'): void => {
          const index = round.findIndex(({ key }) => key === waiter.fairKey);
          const [lane] = round.splice(index, 1);
          lane?.waiters.splice(lane.waiters.indexOf(waiter), 1);
          if (lane !== undefined && lane.waiters.length > 0) round.splice(turn === 'taken' ? round.length : index, 0, lane);
        };
        for (const action of steps) {
          const waiting = round.flatMap(({ waiters }) => waiters);
          if (action.kind === 'add') {
            const waiter = createWaiter(`${serial}`, 2, serial++, action.key);
            queue.add(waiter);
            const lane = round.find(({ key }) => key === action.key);
            if (lane === undefined) round.push({ key: action.key, waiters: [waiter] });
            else lane.waiters.push(waiter);
          } else if (action.kind === 'remove' && waiting.length > 0) {
            const waiter = waiting[action.pick % waiting.length] as Named;
            queue.remove(waiter);
            drop(waiter, 'kept');
          } else if (action.kind === 'take') {
            const next = queue.next(0, () => true);
            seen.push(next?.name);
            expected.push(round[0]?.waiters[0]?.name);
            if (next !== null) {
              queue.take(next);
              drop(next, 'taken');
            }
          }
          const most = Math.max(0, ...round.map(({ waiters }) => waiters.length));
          const victim = queue.leastDeserving({ level: 2, fairKey: 'newcomer' });
          const rightful = round.filter(({ waiters }) => waiters.length === most).map(({ waiters }) => waiters.at(-1));
          seen.push(queue.size, victim === null ? most > 1 : !rightful.includes(victim));
          expected.push(
            round.reduce((sum, { waiters }) => sum + waiters.length, 0),
            false,
          );
        }
        expect(seen).toEqual(expected);
      }),
      { numRuns: 10_000 },
    );
  }, 60_000);
});
