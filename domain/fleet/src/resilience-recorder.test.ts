import { resilienceHistorySchema } from '@breakwater/contract';
import { emptyDurationCounts } from '@breakwater/resilience';
import { describe, expect, it } from 'vitest';
import type { LinkFigures, WaitCounts } from './ports/server-link.ts';
import { ResilienceRecorder } from './resilience-recorder.ts';
import { createFigures, NO_WAITS } from './testing/fake-links.ts';

const STEP_MS = 10_000;

/** `slow` of the requests waited about a second, the others not at all. */
function waits(all: number, slow = 0): WaitCounts {
  const counts = emptyDurationCounts();
  counts[0] = all - slow;
  counts[40] = slow;
  return { ...NO_WAITS, LOW: counts };
}

const figures = (calls: Partial<LinkFigures['calls']>, change: Partial<LinkFigures> = {}): LinkFigures =>
  createFigures({ calls: { attempts: 0, throttled: 0, timedOut: 0, failed: 0, rejected: 0, ...calls }, ...change });

describe('the record of a server', () => {
  it('holds what was added in each step, with the waits of that step alone', () => {
    const recorder = new ResilienceRecorder();
    recorder.add(STEP_MS, { figures: figures({ attempts: 10, throttled: 1 }, { delayMs: 500 }), waits: waits(10) });
    recorder.add(STEP_MS * 2, { figures: figures({ attempts: 12, throttled: 3, timedOut: 1 }, { delayMs: 1_000 }), waits: waits(12, 2) });
    recorder.add(STEP_MS * 3, null);
    const history = resilienceHistorySchema.parse(recorder.history('1h'));
    expect(history).toMatchObject({
      step_ms: STEP_MS,
      at_ms: [STEP_MS, STEP_MS * 2, STEP_MS * 3],
      delay_ms: [500, 1_000, null],
      calls: [10, 2, null],
      throttled: [1, 2, null],
      timed_out: [0, 1, null],
      breaker: [0, 0, null],
    });
    expect(history.waits.LOW.p50_ms[0]).toBe(0.5);
    expect(history.waits.LOW.p50_ms[1]).toBeGreaterThan(500);
    expect(history.waits.CRITICAL.p95_ms).toEqual([null, null, null]);
    expect(recorder.lastHour(STEP_MS * 3)).toMatchObject({ calls: 12, throttled: 3, timedOut: 1 });
  });

  it('counts from zero again when the link was opened anew', () => {
    const recorder = new ResilienceRecorder();
    recorder.add(STEP_MS, { figures: figures({ attempts: 100, failed: 9 }), waits: waits(100) });
    recorder.add(STEP_MS * 2, { figures: figures({ attempts: 3, failed: 1 }), waits: waits(3, 3) });
    const history = recorder.history('1h');
    expect(history.calls).toEqual([100, 3]);
    expect(history.failed).toEqual([9, 1]);
    expect(history.waits.LOW.p50_ms[1]).toBeGreaterThan(500);
  });

  it('condenses five minutes into one step: sums, the slowest delay, the worst state', () => {
    const recorder = new ResilienceRecorder();
    const open = { ...createFigures().breaker, state: 'open' as const };
    for (let step = 1; step <= 30; step++) {
      recorder.add(step * STEP_MS, {
        figures: figures({ attempts: step * 2 }, { delayMs: step === 7 ? 4_000 : 0, ...(step === 9 ? { breaker: open } : {}) }),
        waits: waits(step * 2, step),
      });
    }
    const day = recorder.history('24h');
    expect(day).toMatchObject({ step_ms: 300_000, at_ms: [300_000], calls: [60], delay_ms: [4_000], breaker: [2] });
    expect(day.waits.LOW.p95_ms[0]).toBeGreaterThan(500);
  });

  it('tells waits of the last five minutes, not those of long ago', () => {
    const recorder = new ResilienceRecorder();
    const add = (step: number, counts: WaitCounts): void => recorder.add(step * STEP_MS, { figures: figures({}), waits: counts });
    for (let step = 1; step <= 40; step++) add(step, waits(100, 100));
    expect(recorder.recentWaits(waits(100, 100)).LOW.p95Ms).toBeNull();
    expect(recorder.recentWaits(waits(110, 100)).LOW.p95Ms).toBe(0.5);
    recorder.add(41 * STEP_MS, null);
    expect(recorder.recentWaits(waits(4, 4)).LOW.p95Ms).toBeGreaterThan(500);
  });

  it('stays as large as it is, and comes back after a restart without what is older than its span', () => {
    const recorder = new ResilienceRecorder();
    for (let step = 1; step <= 9_000; step++) recorder.add(step * STEP_MS, { figures: figures({ attempts: step }), waits: NO_WAITS });
    expect(recorder.history('1h').at_ms).toHaveLength(360);
    expect(recorder.history('24h').at_ms).toHaveLength(288);
    const bytes = recorder.dump();
    expect(bytes.byteLength).toBeLessThan(60_000);
    const later = new ResilienceRecorder();
    expect(later.restore(bytes, 9_000 * STEP_MS + 1_800_000)).toBe(true);
    expect(later.history('1h').at_ms).toHaveLength(181);
    expect(later.lastHour(9_000 * STEP_MS + 1_800_000).calls).toBe(181);
    expect(later.history('24h').calls.at(-1)).toBe(30);
    const stranger = new ResilienceRecorder();
    expect(stranger.restore(new Uint8Array([1, 2, 3]), 0)).toBe(false);
    expect(stranger.restore(bytes.subarray(0, 1_000), 9_000 * STEP_MS)).toBe(false);
    expect(stranger.history('1h').at_ms).toEqual([]);
  });
});
