import { type Clock, createSeededRandom, PRIORITIES } from '@breakwater/kernel';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Admission, type AdmissionWaiter } from './admission.ts';
import type { LimiterSpec } from './limiter-spec.ts';

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('enter' as const), level: fc.nat(3) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('end' as const), pick: fc.nat(20), isWell: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('leave' as const), pick: fc.nat(20) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, 49, 50, 200) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('hold' as const), ms: fc.constantFrom(1, 70, 300) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('limit' as const), max: fc.integer({ min: 1, max: 4 }) }) },
);

const shape = fc.record({
  max: fc.integer({ min: 1, max: 4 }),
  minIntervalMs: fc.constantFrom(0, 50),
  maxWaiting: fc.constantFrom(2, 1_000),
  /** Of those that are offered a slot, every so many has become pointless. */
  pointlessEvery: fc.constantFrom(3, Number.POSITIVE_INFINITY),
  limiter: fc.constantFrom<LimiterSpec>({ kind: 'fixed' }, { kind: 'delay', maxMs: 1_000 }, { kind: 'pacedWindow' }, { kind: 'aimd' }),
});

/** Without promises, so that ten thousand sequences cost a second. */
function createClock() {
  let nowMs = 0;
  const timers = new Set<{ readonly atMs: number; readonly callback: () => void }>();
  const clock: Clock = {
    now: () => nowMs,
    wall: () => nowMs,
    after: (delayMs, callback) => {
      const timer = { atMs: nowMs + delayMs, callback };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
  };
  const advance = (ms: number): void => {
    const endMs = nowMs + ms;
    for (;;) {
      const due = [...timers].filter(({ atMs }) => atMs <= endMs).toSorted((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      timers.delete(due);
      nowMs = due.atMs;
      due.callback();
    }
    nowMs = endMs;
  };
  return { clock, timers, advance };
}

it('holds every bound, leaves no slot idle that somebody waits for, and no timer behind', () => {
  fc.assert(
    fc.property(
      shape,
      fc.array(step, { maxLength: 24, size: 'max' }),
      ({ max, minIntervalMs, maxWaiting, pointlessEvery, limiter }, steps) => {
        const { clock, timers, advance } = createClock();
        const broken: string[] = [];
        const running: AdmissionWaiter[] = [];
        const waiting = new Set<AdmissionWaiter>();
        const isBackground = ({ level }: { readonly level: number }): boolean => level >= 2;
        const busy = (): number => running.filter(isBackground).length;
        let most = max;
        let offers = 0;
        let readyAtMs = Number.NEGATIVE_INFINITY;
        const gate = new Admission(
          { maxConcurrent: max, minIntervalMs, queue: { maxWaiting }, limiter },
          { clock, random: createSeededRandom(1) },
        );
        const mayStart = (waiter: { readonly level: number }): boolean =>
          running.length < most && clock.now() >= readyAtMs && (!isBackground(waiter) || busy() < Math.max(1, most - 1));
        const start = (waiter: AdmissionWaiter): void => {
          if (!mayStart(waiter)) broken.push(`${waiter.priority} started beyond the bounds`);
          running.push(waiter);
          readyAtMs = clock.now() + minIntervalMs;
        };
        const createWaiter = (level: number): AdmissionWaiter => {
          const waiter: AdmissionWaiter = {
            level,
            priority: PRIORITIES[level] ?? 'normal',
            waitingSinceMs: clock.now(),
            fairKey: undefined,
            place: null,
            begin: (nowMs) => {
              waiting.delete(waiter);
              if (++offers % pointlessEvery === 0) return false;
              start(waiter);
              gate.noteBegun(waiter, { nowMs, waitedMs: nowMs - waiter.waitingSinceMs });
              return true;
            },
            turnAway: ({ why }) => {
              if (why !== 'displaced') broken.push(`turned away: ${why}`);
              waiting.delete(waiter);
              gate.remove(waiter);
            },
            recheck: () => undefined,
          };
          return waiter;
        };
        const end = (pick: number, isWell: boolean): void => {
          const [waiter] = running.splice(pick % Math.max(1, running.length), 1);
          if (waiter === undefined) return;
          const nowMs = clock.now();
          const verdict = isWell ? ({ kind: 'success' } as const) : ({ kind: 'throttled' } as const);
          gate.learn({ verdict, op: 'x', startedAtMs: nowMs, nowMs, timeoutMs: undefined });
          gate.release(waiter.level, nowMs);
        };
        for (const each of steps) {
          switch (each.kind) {
            case 'enter': {
              const waiter = createWaiter(each.level);
              if (gate.tryEnter(waiter, clock.now())) {
                if (waiting.size > 0) broken.push('passed those that wait');
                start(waiter);
              } else if (gate.refusal(waiter, clock.now()) === null) {
                waiting.add(waiter);
                gate.enqueue(waiter, clock.now());
              } else if (waiting.size < maxWaiting) {
                broken.push('refused though there is room');
              }
              break;
            }
            case 'end':
              end(each.pick, each.isWell);
              break;
            case 'leave': {
              const waiter = [...waiting][each.pick % Math.max(1, waiting.size)];
              if (waiter === undefined) break;
              waiting.delete(waiter);
              gate.remove(waiter);
              break;
            }
            case 'wait':
              advance(each.ms);
              break;
            case 'hold':
              gate.hold(each.ms);
              readyAtMs = Math.max(readyAtMs, clock.now() + each.ms);
              break;
            case 'limit':
              most = each.max;
              gate.setLimits({ maxConcurrent: most, minIntervalMs });
              break;
          }
          const { active, waiting: queued } = gate.snapshot();
          if (active !== running.length) broken.push(`${active} active instead of ${running.length}`);
          if (queued !== waiting.size || queued > maxWaiting) broken.push(`${queued} wait instead of ${waiting.size}`);
          if (timers.size > 1) broken.push(`${timers.size} timers`);
          // The next one of a level speaks for all of it.
          if (limiter.kind === 'fixed' && [...waiting].some(mayStart)) broken.push(`an idle slot after ${each.kind}`);
        }
        for (let round = 0; round < 200 && running.length + waiting.size > 0; round++) {
          while (running.length > 0) end(0, true);
          advance(2_000);
        }
        expect({ broken, left: running.length + waiting.size, timers: timers.size }).toEqual({ broken: [], left: 0, timers: 0 });
      },
    ),
    { numRuns: 10_000 },
  );
}, 60_000);
