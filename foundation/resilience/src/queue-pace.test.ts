import { describe, expect, it } from 'vitest';
import { QueuePace } from './queue-pace.ts';

function feed(pace: QueuePace, options: { readonly starts: number; readonly gapMs: number; readonly fromMs?: number }): number {
  const { starts, gapMs, fromMs = 0 } = options;
  for (let start = 0; start < starts; start++) pace.noteStart(fromMs + start * gapMs, 1);
  return fromMs + (starts - 1) * gapMs;
}

describe('pace of a queue', () => {
  it('says nothing until enough have started', () => {
    const pace = new QueuePace();
    const lastMs = feed(pace, { starts: 8, gapMs: 100 });
    expect(pace.gapMs(lastMs)).toBeNull();
    pace.noteStart(lastMs + 100, 1);
    expect(pace.gapMs(lastMs + 100)).toBe(100);
  });

  it('follows a server that becomes slower', () => {
    const pace = new QueuePace();
    const lastMs = feed(pace, { starts: 30, gapMs: 100 });
    const laterMs = feed(pace, { starts: 60, gapMs: 400, fromMs: lastMs + 400 });
    expect(pace.gapMs(laterMs)).toBeGreaterThan(350);
  });

  it('does not wait for a start that is overdue to notice that the server hangs', () => {
    const pace = new QueuePace();
    const lastMs = feed(pace, { starts: 30, gapMs: 100 });
    expect(pace.gapMs(lastMs + 50)).toBe(100);
    expect(pace.gapMs(lastMs + 10_100)).toBeCloseTo(600);
  });

  it('does not count the time in which nobody waited', () => {
    const pace = new QueuePace();
    const lastMs = feed(pace, { starts: 30, gapMs: 100 });
    pace.noteStart(lastMs + 100, 0);
    expect(pace.gapMs(lastMs + 60_000)).toBe(100);
    pace.noteStart(lastMs + 90_000, 1);
    pace.noteEmpty();
    pace.noteStart(lastMs + 180_000, 1);
    expect(pace.gapMs(lastMs + 180_000)).toBe(100);
  });
});
