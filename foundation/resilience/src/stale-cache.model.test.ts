import { ManualClock } from '@breakwater/kernel';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createStaleCache } from './stale-cache.ts';

const FRESH_MS = 10;
const STALE_MS = 20;
const MAX_ENTRIES = 2;

const name = fc.constantFrom('a', 'b', 'c');
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('get' as const), name }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, 5, 12, 40) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('answer' as const), pick: fc.nat(5), ok: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('put' as const, 'invalidate' as const, 'delete' as const), name }) },
);

interface Load {
  readonly name: string;
  /** A value that was put or thrown away since makes what this load brings old. */
  isOutdated: boolean;
  readonly end: (ok: boolean) => void;
}

it('serves nothing older than it may, asks for one value once at a time, and keeps no answer that has become old', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 24 }), async (steps) => {
      const clock = new ManualClock();
      const cache = createStaleCache<number>({ key: 'x', freshMs: FRESH_MS, staleMs: STALE_MS, maxEntries: MAX_ENTRIES, clock });
      const loads: Load[] = [];
      const kept = new Map<string, { readonly value: number; readonly storedAtMs: number }>();
      const wrong: unknown[] = [];
      let serial = 0;
      let asked = 0;
      let answered = 0;
      const load = (entry: string) => (): Promise<number> =>
        new Promise((resolve, reject) => {
          expect(loads.filter((other) => other.name === entry && !other.isOutdated)).toEqual([]);
          const own: Load = {
            name: entry,
            isOutdated: false,
            end: (ok) => {
              loads.splice(loads.indexOf(own), 1);
              if (!ok) return reject(new Error('down'));
              serial++;
              if (!own.isOutdated) kept.set(entry, { value: serial, storedAtMs: clock.now() });
              resolve(serial);
            },
          };
          loads.push(own);
        });
      const outdate = (entry: string): void => {
        for (const other of loads) if (other.name === entry) other.isOutdated = true;
      };
      for (const action of steps) {
        const nowMs = clock.now();
        switch (action.kind) {
          case 'get': {
            asked++;
            const known = cache.peek(action.name);
            cache.get(action.name, load(action.name)).then(
              ({ kind, value, ageMs }) => {
                answered++;
                const mostMs = kind === 'fresh' ? FRESH_MS : FRESH_MS + STALE_MS;
                if (kind !== 'live' && (value !== known?.value || ageMs >= mostMs)) wrong.push({ kind, value, ageMs });
              },
              () => answered++,
            );
            break;
          }
          case 'wait':
            await clock.advance(action.ms);
            break;
          case 'answer':
            loads[action.pick % Math.max(1, loads.length)]?.end(action.ok);
            break;
          case 'put':
            outdate(action.name);
            cache.put(action.name, ++serial);
            kept.set(action.name, { value: serial, storedAtMs: nowMs });
            break;
          case 'invalidate':
            outdate(action.name);
            cache.invalidate(action.name);
            if (cache.peek(action.name)?.isStale === false) wrong.push('fresh after it was declared old');
            break;
          case 'delete':
            outdate(action.name);
            cache.delete(action.name);
            kept.delete(action.name);
            if (cache.peek(action.name) !== null) wrong.push('there after it was deleted');
            break;
        }
        await clock.advance(0);
        for (const each of ['a', 'b', 'c']) {
          const found = cache.peek(each);
          const model = kept.get(each);
          if (found !== null && (found.value !== model?.value || clock.now() - found.ageMs !== model.storedAtMs)) wrong.push(found);
        }
        expect(cache.figures().entries).toBeLessThanOrEqual(MAX_ENTRIES);
      }
      while (loads.length > 0) loads[0]?.end(true);
      await clock.advance(0);
      expect(wrong).toEqual([]);
      expect(answered).toBe(asked);
      const { fresh, stale, misses } = cache.figures();
      expect(fresh + stale + misses).toBe(asked);
    }),
    { numRuns: 10_000 },
  );
}, 120_000);
