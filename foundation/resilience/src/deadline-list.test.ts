import { ManualClock } from '@breakwater/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Deadlines, type Expiring, type ExpiryHolder } from './deadline-list.ts';

class Entry implements Expiring {
  expiry: ExpiryHolder | null = null;
  expiresAtMs = 0;
  earlier: Expiring | null = null;
  later: Expiring | null = null;
  readonly expiredAtMs: number[] = [];
  readonly onExpired = (nowMs: number): void => {
    this.expiredAtMs.push(nowMs);
  };
}

function create() {
  const clock = new ManualClock();
  return { clock, deadlines: new Deadlines(clock) };
}

describe('deadlines', () => {
  it('expires each entry at its own instant with one timer for all', async () => {
    const { clock, deadlines } = create();
    const entries = [new Entry(), new Entry(), new Entry()];
    for (const entry of entries) {
      deadlines.add(entry, 100, clock.now());
      await clock.advance(30);
    }
    expect(clock.pendingCount).toBe(1);
    await clock.advance(200);
    expect(entries.map((entry) => entry.expiredAtMs)).toEqual([[100], [130], [160]]);
    expect(clock.pendingCount).toBe(0);
  });

  it('does not expire what was taken out at the front, in the middle or at the end', async () => {
    const { clock, deadlines } = create();
    const entries = Array.from({ length: 5 }, () => new Entry());
    for (const entry of entries) deadlines.add(entry, 100, 0);
    for (const index of [0, 2, 4]) entries[index]?.expiry?.remove(entries[index]);
    await clock.advance(100);
    expect(entries.map((entry) => entry.expiredAtMs.length)).toEqual([0, 1, 0, 1, 0]);
  });

  it('leaves no timer behind once idle', async () => {
    const { clock, deadlines } = create();
    const entry = new Entry();
    deadlines.add(entry, 100, 0);
    entry.expiry?.remove(entry);
    await clock.advance(100);
    expect(clock.pendingCount).toBe(0);
    deadlines.add(entry, 100, clock.now());
    await clock.advance(100);
    expect(entry.expiredAtMs).toEqual([200]);
  });

  it('keeps going when an expired entry adds another one', async () => {
    const { clock, deadlines } = create();
    const second = new Entry();
    const first = new Entry();
    const chain: Expiring = Object.assign(first, { onExpired: (nowMs: number) => deadlines.add(second, 100, nowMs) });
    deadlines.add(chain, 100, 0);
    await clock.advance(200);
    expect(second.expiredAtMs).toEqual([200]);
    expect(clock.pendingCount).toBe(0);
  });

  it('waits on when a native timer fires early', async () => {
    let now = 0;
    const timers: { readonly delayMs: number; readonly callback: () => void }[] = [];
    const deadlines = new Deadlines({
      now: () => now,
      wall: () => now,
      after: (delayMs, callback) => {
        timers.push({ delayMs, callback });
        return { cancel: () => undefined };
      },
    });
    const entry = new Entry();
    deadlines.add(entry, 100, 0);
    now = 99.6;
    timers[0]?.callback();
    expect(entry.expiredAtMs).toEqual([]);
    expect(timers[1]?.delayMs).toBe(1);
    now = 100.7;
    timers[1]?.callback();
    expect(entry.expiredAtMs).toEqual([100.7]);
  });

  it('serves any number of different durations', async () => {
    const { clock, deadlines } = create();
    const entries = Array.from({ length: 100 }, () => new Entry());
    for (const [index, entry] of entries.entries()) deadlines.add(entry, 1_000 + index, 0);
    entries[98]?.expiry?.remove(entries[98]);
    await clock.advance(2_000);
    expect(entries.map((entry) => entry.expiredAtMs[0])).toEqual(
      entries.map((_entry, index) => (index === 98 ? undefined : 1_000 + index)),
    );
    expect(entries[99]?.expiry).toBeNull();
    expect(clock.pendingCount).toBe(0);
  });

  it('agrees with a timer of its own for each entry, in any order of adding and removing', async () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('add' as const),
        delayMs: fc.constantFrom(1, 5, 10, Number.POSITIVE_INFINITY),
        isSingle: fc.boolean(),
      }),
      fc.record({ kind: fc.constant('remove' as const), pick: fc.nat(20) }),
      fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(6) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 16 }), async (steps) => {
        const { clock, deadlines } = create();
        const entries: { readonly entry: Entry; readonly dueMs: number; removedAtMs: number }[] = [];
        for (const action of steps) {
          const nowMs = clock.now();
          if (action.kind === 'add') {
            const entry = new Entry();
            const isEndless = action.delayMs === Number.POSITIVE_INFINITY;
            if (action.isSingle && !isEndless) deadlines.addSingle(entry, action.delayMs, nowMs);
            else deadlines.add(entry, action.delayMs, nowMs);
            entries.push({ entry, dueMs: nowMs + action.delayMs, removedAtMs: Number.POSITIVE_INFINITY });
          } else if (action.kind === 'remove') {
            const picked = entries[action.pick % Math.max(1, entries.length)];
            if (picked === undefined || picked.entry.expiry === null) continue;
            picked.removedAtMs = nowMs;
            picked.entry.expiry.remove(picked.entry);
          } else {
            await clock.advance(action.ms);
          }
        }
        await clock.advance(20);
        expect(entries.map(({ entry }) => entry.expiredAtMs)).toEqual(
          entries.map(({ dueMs, removedAtMs }) =>
            dueMs < Number.POSITIVE_INFINITY && removedAtMs === Number.POSITIVE_INFINITY ? [dueMs] : [],
          ),
        );
        expect(entries.every(({ entry }) => entry.expiry === null && entry.earlier === null && entry.later === null)).toBe(true);
        expect(clock.pendingCount).toBe(0);
      }),
      { numRuns: 10_000 },
    );
  }, 60_000);
});
