import { afterEach, expect, test, vi } from 'vitest';
import { sleep, systemClock } from './clock.ts';
import { ManualClock } from './manual-clock.ts';

afterEach(() => void vi.useRealTimers());

test('a sleeper wakes at its instant and not before', async () => {
  const clock = new ManualClock();
  let woke = -1;
  const slept = sleep(clock, 1_000).then(() => {
    woke = clock.now();
  });
  await clock.advance(999);
  expect(woke).toBe(-1);
  await clock.advance(1);
  await slept;
  expect(woke).toBe(1_000);
});

test('an aborted sleeper rejects at once with the reason and leaves no timer behind', async () => {
  const clock = new ManualClock();
  const controller = new AbortController();
  const slept = sleep(clock, 1_000, { signal: controller.signal });
  controller.abort('enough');
  await expect(slept).rejects.toBe('enough');
  expect(clock.pendingCount).toBe(0);
});

test('an already aborted signal never starts a timer', async () => {
  const clock = new ManualClock();
  await expect(sleep(clock, 1_000, { signal: AbortSignal.abort('no') })).rejects.toBe('no');
  expect(clock.pendingCount).toBe(0);
});

test('timers run in the order in which they are due, also those that timers add', async () => {
  const clock = new ManualClock();
  const seen: string[] = [];
  clock.after(20, () => seen.push('b'));
  clock.after(10, () => {
    seen.push('a');
    clock.after(5, () => seen.push('a+5'));
  });
  clock.after(20, () => seen.push('c'));
  await clock.advance(30);
  expect(seen).toEqual(['a', 'a+5', 'b', 'c']);
});

test('the wall clock may jump without moving monotonic time', async () => {
  const clock = new ManualClock({ wallMs: 5_000 });
  clock.jumpWall(3_600_000);
  await clock.advance(10);
  expect([clock.now(), clock.wall()]).toEqual([10, 3_605_010]);
});

test('the real clock waits for months, and lets go of them', () => {
  vi.useFakeTimers();
  const monthsMs = 90 * 86_400_000;
  const rung: string[] = [];
  systemClock.after(monthsMs, () => rung.push('kept'));
  const canceled = systemClock.after(monthsMs, () => rung.push('canceled'));
  vi.advanceTimersByTime(monthsMs - 1);
  expect(rung).toEqual([]);
  canceled.cancel();
  vi.advanceTimersByTime(1);
  expect(rung).toEqual(['kept']);
});
