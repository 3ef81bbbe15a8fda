import { describe, expect, it } from 'vitest';
import type { KeptStore } from '../kept-breakers.ts';
import { createKeptRecord, type HostInstant, type KeptRecord, type KeptTransition } from '../kept-record.ts';

const AT: HostInstant = { bootId: 'boot', monotonicMs: 1_000.25, wallMs: 1_700_000_000_000 };
const KEY = { scope: 'local', service: 'github' };

const FULL: KeptRecord = {
  ...createKeptRecord({ ...KEY, machineId: 'machine' }, AT),
  state: 'half-open',
  period: 7,
  failures: 3,
  successes: 1,
  streak: 2,
  openedAt: AT,
  openMs: 60_000,
  lease: { token: 't', pid: 42, startedAt: '4711', takenAt: AT, lastsMs: 90_000 },
  lastFailure: { kind: 'transient', pattern: 'p1', text: `it's "ä" \u{1f4a5}\n`, host: 'github.com', atWallMs: 5 },
  totals: { calls: 4, failures: 3, opens: 2, rejected: 1 },
  order: { who: 'ann', reason: 'why', atWallMs: 6 },
};

const transitionOf = (atWallMs: number): KeptTransition => ({
  ...KEY,
  from: 'closed',
  to: 'half-open',
  cause: 'by-hand',
  who: null,
  reason: `r${atWallMs}`,
  atWallMs,
});

/** What every store of kept breakers must do. `open` gives an empty one on the machine named `machine`. */
export function describeKeptStore(name: string, open: () => KeptStore): void {
  describe(`${name} store of kept breakers`, () => {
    it('gives back what was written, unchanged', () => {
      const store = open();
      store.update(KEY, (found) => {
        expect(found).toBeNull();
        return { record: FULL, transition: null, result: undefined };
      });
      expect(store.update(KEY, (found) => ({ record: FULL, transition: null, result: found }))).toEqual(FULL);
      expect(store.list()).toEqual([FULL]);
    });

    it('keeps every state under its own lower-case name', () => {
      const store = open();
      for (const state of ['closed', 'open', 'half-open'] as const) {
        store.update({ ...KEY, service: state }, () => ({
          record: { ...FULL, service: state, state },
          transition: null,
          result: undefined,
        }));
      }
      expect(store.list().map(({ service, state }) => [service, state])).toEqual([
        ['closed', 'closed'],
        ['half-open', 'half-open'],
        ['open', 'open'],
      ]);
    });

    it('changes nothing when the change throws', () => {
      const store = open();
      store.update(KEY, () => ({ record: FULL, transition: transitionOf(1), result: undefined }));
      expect(() =>
        store.update(KEY, () => {
          throw new Error('no');
        }),
      ).toThrow('no');
      expect(store.list()).toEqual([FULL]);
    });

    it('lists the latest transitions first and keeps five hundred', () => {
      const store = open();
      const start = AT.wallMs;
      for (let index = 0; index < 510; index++) {
        store.update(KEY, () => ({ record: FULL, transition: transitionOf(start + index), result: undefined }));
      }
      expect(store.transitions({ limit: 2 })).toEqual([transitionOf(start + 509), transitionOf(start + 508)]);
      expect(store.transitions({ limit: 1_000 })).toHaveLength(500);
    });
  });
}
