import { ManualClock, PRIORITIES, type Priority } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { Admission, type AdmissionWaiter } from './admission.ts';
import type { Limiter } from './limiter.ts';
import type { AdmissionSpec } from './spec.ts';

function create(spec: AdmissionSpec) {
  const clock = new ManualClock();
  const admission = new Admission(spec, { clock });
  const begun: string[] = [];
  const toWaiter = (name: string, priority: Priority = 'normal'): AdmissionWaiter => ({
    level: PRIORITIES.indexOf(priority),
    priority,
    waitingSinceMs: clock.now(),
    fairKey: undefined,
    place: null,
    begin(nowMs) {
      begun.push(name);
      admission.noteBegun(this, { nowMs, waitedMs: nowMs - this.waitingSinceMs });
      return true;
    },
    turnAway: () => undefined,
    recheck: () => undefined,
  });
  const enter = (priority: Priority): boolean => admission.tryEnter(toWaiter('', priority), clock.now());
  return { admission, begun, clock, enter, toWaiter };
}

/** Says what it was told, and what it is asked for. */
function createLimiter(answers: { readonly window?: number; readonly readyAtMs?: () => number }) {
  const heldBackAtMs: number[] = [];
  const askedFor: Priority[] = [];
  const limiter: Limiter = {
    delayMs: 0,
    readyAtMs: () => answers.readyAtMs?.() ?? 0,
    windowFor: (priority) => {
      askedFor.push(priority);
      return answers.window ?? 100;
    },
    heldBack: (nowMs) => void heldBackAtMs.push(nowMs),
    started: () => undefined,
    settled: () => undefined,
  };
  return { askedFor, heldBackAtMs, spec: { kind: 'custom', create: () => limiter } } as const;
}

describe('a pause that the server asks for', () => {
  it('ends when it said, whatever the least interval is', async () => {
    const { admission, clock, enter } = create({ maxConcurrent: 4, minIntervalMs: 300 });
    admission.hold(1_000);
    await clock.advance(999);
    expect(enter('critical')).toBe(false);
    await clock.advance(1);
    expect(enter('critical')).toBe(true);
  });
});

describe('a full queue', () => {
  it('refuses with its length, before its pace is known without a time and afterwards with that of one start', async () => {
    const { admission, clock, enter, toWaiter } = create({ maxConcurrent: 1, interactiveReserve: 0, queue: { maxWaiting: 2 } });
    expect(enter('normal')).toBe(true);
    admission.enqueue(toWaiter('a'), clock.now());
    expect(admission.refusal(toWaiter('x'), clock.now())).toBeNull();
    admission.enqueue(toWaiter('b'), clock.now());
    expect(admission.refusal(toWaiter('x'), clock.now())).toEqual({ why: 'length', retryAfterMs: undefined });
    for (let turn = 0; turn < 10; turn++) {
      await clock.advance(100);
      admission.release(2, clock.now());
      admission.enqueue(toWaiter(`c${turn}`), clock.now());
    }
    const refusal = admission.refusal(toWaiter('x'), clock.now());
    expect(refusal?.why).toBe('length');
    expect(refusal?.retryAfterMs).toBeCloseTo(100);
  });
});

describe('the reserve beyond the learned window', () => {
  it('is for as many calls of people as it has slots', () => {
    const { enter } = create({ maxConcurrent: 6, interactiveReserve: 1, limiter: createLimiter({ window: 1 }).spec });
    expect(enter('low')).toBe(true);
    expect(enter('critical')).toBe(true);
    expect(enter('critical')).toBe(false);
  });

  it('is not used where people have the window already', () => {
    const { enter } = create({ maxConcurrent: 6, interactiveReserve: 1, limiter: createLimiter({ window: 1 }).spec });
    expect(enter('critical')).toBe(true);
    expect(enter('critical')).toBe(false);
  });

  it('is for what a person does at this moment, and not for what is only wanted soon', () => {
    const { enter } = create({ maxConcurrent: 6, interactiveReserve: 1, limiter: createLimiter({ window: 1 }).spec });
    expect(enter('low')).toBe(true);
    expect(enter('high')).toBe(false);
  });
});

describe('a limiter', () => {
  it('hears that it holds a call back, and not when the least interval does, or nothing', async () => {
    let readyAtMs = 0;
    const { heldBackAtMs, spec } = createLimiter({ readyAtMs: () => readyAtMs });
    const { clock, enter } = create({ maxConcurrent: 6, minIntervalMs: 100, limiter: spec });
    await clock.advance(1_000);
    readyAtMs = clock.now();
    expect(enter('normal')).toBe(true);
    expect(heldBackAtMs).toEqual([]);
    readyAtMs = clock.now() + 500;
    expect(enter('normal')).toBe(false);
    expect(heldBackAtMs).toEqual([]);
    await clock.advance(100);
    expect(enter('normal')).toBe(false);
    expect(heldBackAtMs).toEqual([clock.now()]);
  });

  it('shows its window for background work, and the hard bound where that is less', () => {
    const { askedFor, spec } = createLimiter({ window: 5 });
    expect(create({ maxConcurrent: 6, limiter: spec }).admission.snapshot().window).toBe(5);
    expect(askedFor).toEqual(['normal']);
    expect(create({ maxConcurrent: 3, limiter: spec }).admission.snapshot().window).toBe(3);
    expect(create({ maxConcurrent: 4 }).admission.snapshot().window).toBe(4);
  });
});

describe('figures of waits', () => {
  it('count each start once, and add up over all priorities', async () => {
    const { admission, begun, clock, enter, toWaiter } = create({ maxConcurrent: 1, interactiveReserve: 0 });
    expect(enter('high')).toBe(true);
    admission.enqueue(toWaiter('n', 'normal'), clock.now());
    admission.enqueue(toWaiter('l', 'low'), clock.now());
    await clock.advance(40);
    admission.release(1, clock.now());
    await clock.advance(60);
    admission.release(2, clock.now());
    expect(begun).toEqual(['n', 'l']);
    const { byPriority, totalWaitMs } = admission.snapshot();
    expect([byPriority.high.totalWaitMs, byPriority.normal.totalWaitMs, byPriority.low.totalWaitMs]).toEqual([0, 40, 100]);
    expect(totalWaitMs).toBe(140);
    expect(admission.waitCounts('high').reduce((sum, count) => sum + count, 0)).toBe(1);
    expect(admission.waitCounts('high')[0]).toBe(1);
    expect(admission.waitCounts('low').reduce((sum, count) => sum + count, 0)).toBe(1);
    expect(admission.waitCounts('low')[0]).toBe(0);
  });

  it('do not count time without a queue as the pace of one', async () => {
    const { admission, clock, enter, toWaiter } = create({ maxConcurrent: 1, interactiveReserve: 0 });
    const passOne = async (gapMs: number): Promise<void> => {
      admission.enqueue(toWaiter('a'), clock.now());
      admission.enqueue(toWaiter('b'), clock.now());
      for (let turn = 0; turn < 2; turn++) {
        await clock.advance(gapMs);
        admission.release(2, clock.now());
      }
    };
    expect(enter('normal')).toBe(true);
    for (let turn = 0; turn < 12; turn++) {
      await passOne(100);
      await clock.advance(1_000_000);
    }
    expect(enter('normal')).toBe(false);
    admission.enqueue(toWaiter('c'), clock.now());
    expect(admission.snapshot().expectedWaitMs).toBeCloseTo(100);
  });
});

it('keeps the process alive only while somebody waits for time', async () => {
  const { admission, begun, clock, enter, toWaiter } = create({ maxConcurrent: 4, minIntervalMs: 100 });
  expect(enter('normal')).toBe(true);
  const waiter = toWaiter('a');
  admission.enqueue(waiter, clock.now());
  expect(clock.pendingCount).toBe(1);
  admission.remove(waiter);
  expect(clock.pendingCount).toBe(0);
  admission.enqueue(toWaiter('b'), clock.now());
  admission.enqueue(toWaiter('c'), clock.now());
  expect(clock.pendingCount).toBe(1);
  await clock.advance(200);
  expect(begun).toEqual(['b', 'c']);
  expect(clock.pendingCount).toBe(0);
});
