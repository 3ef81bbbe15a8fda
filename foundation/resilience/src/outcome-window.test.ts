import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createOutcomeWindow, judgeWindow, type WindowFigures } from './outcome-window.ts';
import type { CountWindowTrip, TimeWindowTrip } from './trip.ts';

interface Ended {
  readonly isFailure: boolean;
  readonly isSlow: boolean;
  readonly nowMs: number;
}

type Step =
  | { readonly kind: 'end'; readonly isFailure: boolean; readonly isSlow: boolean }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'clear' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('end' as const), isFailure: fc.boolean(), isSlow: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(0, 1, 9, 10, 11, 35, 99, 100, 101, 5_000) }),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'clear' }) },
);

/** Expectations cost more than all the rest, so what is seen is compared once for each sequence. */
const toText = ({ calls, failures, slow }: WindowFigures): string => `${calls} ${failures} ${slow}`;

const count = (calls: readonly Ended[]): string => {
  let failures = 0;
  let slow = 0;
  for (const { isFailure, isSlow } of calls) {
    if (isFailure) failures++;
    if (isSlow) slow++;
  }
  return toText({ calls: calls.length, failures, slow });
};

function play(
  steps: readonly Step[],
  apply: { readonly end: (call: Ended) => void; readonly clear: () => void; readonly check: (nowMs: number) => readonly [string, string] },
) {
  const seen: string[] = [];
  const expected: string[] = [];
  let nowMs = 7;
  for (const each of steps) {
    if (each.kind === 'wait') nowMs += each.ms;
    else if (each.kind === 'clear') apply.clear();
    else apply.end({ isFailure: each.isFailure, isSlow: each.isSlow, nowMs });
    const [found, right] = apply.check(nowMs);
    seen.push(found);
    expected.push(right);
  }
  expect(seen).toEqual(expected);
}

describe('count window', () => {
  it('counts exactly the latest calls, in any order of what happens', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), fc.array(step, { maxLength: 24, size: 'max' }), (calls, steps) => {
        const window = createOutcomeWindow({ kind: 'count-window', calls, minCalls: 1, failureRate: 0.5 });
        let kept: Ended[] = [];
        play(steps, {
          end: (call) => {
            window.add(call);
            kept = [...kept, call].slice(-calls);
          },
          clear: () => {
            window.clear();
            kept = [];
          },
          check: (nowMs) => [toText(window.figures(nowMs)), count(kept)],
        });
      }),
      { numRuns: 10_000 },
    );
  }, 60_000);
});

describe('time window', () => {
  it('counts exactly the calls of the present and the latest buckets, whenever anybody looks', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.array(step, { maxLength: 24, size: 'max' }), (buckets, steps) => {
        const window = createOutcomeWindow({ kind: 'time-window', windowMs: buckets * 10, buckets, minCalls: 1, failureRate: 0.5 });
        let kept: Ended[] = [];
        play(steps, {
          end: (call) => {
            window.add(call);
            kept.push(call);
          },
          clear: () => {
            window.clear();
            kept = [];
          },
          check: (nowMs) => {
            const oldest = Math.floor(nowMs / 10) - buckets + 1;
            return [toText(window.figures(nowMs)), count(kept.filter((call) => Math.floor(call.nowMs / 10) >= oldest))];
          },
        });
      }),
      { numRuns: 10_000 },
    );
  }, 60_000);

  it('has forgotten an hour of silence without anybody having called', () => {
    const window = createOutcomeWindow({ kind: 'time-window', windowMs: 10_000, minCalls: 2, failureRate: 1 });
    window.add({ isFailure: true, isSlow: false, nowMs: 0 });
    expect(window.figures(9_999)).toEqual({ calls: 1, failures: 1, slow: 0 });
    expect(window.figures(3_600_000)).toEqual({ calls: 0, failures: 0, slow: 0 });
    window.add({ isFailure: true, isSlow: false, nowMs: 3_600_001 });
    expect(judgeWindow(window, 3_600_001)).toBeNull();
  });
});

describe('a time window that hears of a call late', () => {
  it('counts it as of now, and forgets it with what is of now', () => {
    const window = createOutcomeWindow({ kind: 'time-window', windowMs: 100, minCalls: 1, failureRate: 1 });
    window.add({ isFailure: true, isSlow: true, nowMs: 100 });
    window.add({ isFailure: true, isSlow: true, nowMs: 50 });
    expect(window.figures(199)).toEqual({ calls: 2, failures: 2, slow: 2 });
    expect(window.figures(200)).toEqual({ calls: 0, failures: 0, slow: 0 });
  });
});

describe('judgeWindow', () => {
  const fill = (trip: CountWindowTrip | TimeWindowTrip, calls: readonly ('ok' | 'failed' | 'slow')[]) => {
    const window = createOutcomeWindow(trip);
    for (const call of calls) window.add({ isFailure: call === 'failed', isSlow: call === 'slow', nowMs: 0 });
    return judgeWindow(window, 0);
  };
  const trip: CountWindowTrip = { kind: 'count-window', calls: 10, minCalls: 4, failureRate: 0.5, slowRate: 0.75, slowMs: 100 };

  it('says nothing of fewer calls than asked for', () => {
    expect(fill(trip, ['failed', 'failed', 'failed'])).toBeNull();
    expect(fill(trip, ['failed', 'failed', 'failed', 'failed'])).toBe('failure-rate');
  });

  it('is reached at the very share and not below', () => {
    expect(fill(trip, ['ok', 'ok', 'failed', 'failed'])).toBe('failure-rate');
    expect(fill(trip, ['ok', 'ok', 'ok', 'failed', 'failed'])).toBeNull();
    expect(fill(trip, ['ok', 'slow', 'slow', 'slow'])).toBe('slow-rate');
    expect(fill(trip, ['ok', 'ok', 'slow', 'slow'])).toBeNull();
  });

  it('leaves out the rate that is not asked for', () => {
    const { failureRate: _failureRate, ...slowOnly } = trip;
    expect(fill(slowOnly, ['failed', 'failed', 'failed', 'failed'])).toBeNull();
    expect(fill({ kind: 'time-window', windowMs: 10, minCalls: 1, failureRate: 1 }, ['slow'])).toBeNull();
  });
});
