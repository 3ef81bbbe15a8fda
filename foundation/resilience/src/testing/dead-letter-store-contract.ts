import { describe, expect, it } from 'vitest';
import type { DeadLetter, DeadLetterStore } from '../dead-letters.ts';

function letter(id: string, changes: Partial<DeadLetter> = {}): DeadLetter {
  return {
    id,
    key: 'server-1',
    op: 'power off',
    payload: { machine: '17' },
    reason: { code: 'TRANSPORT_REFUSED', message: 'refused' },
    attempts: 3,
    createdAtWallMs: 1_000,
    failedAtWallMs: 1_000,
    ...changes,
  };
}

/** What every store of dead letters must do. `create` gives an empty one. */
export function describeDeadLetterStore(name: string, create: () => Promise<DeadLetterStore>): void {
  describe(`${name} store of dead letters`, () => {
    it('gives back what was put, unchanged', async () => {
      const store = await create();
      const put = letter('a', {
        payload: { text: 'ä "\n\u{1f4a5}', count: 3, isForced: true, nothing: null },
        reason: { code: 'UNKNOWN', message: "it's" },
      });
      await store.put(put);
      expect(await store.get('a')).toEqual(put);
      expect(await store.get('b')).toBeNull();
    });

    it('lists the oldest first, by key and up to a limit', async () => {
      const store = await create();
      for (const [index, id] of ['c', 'a', 'b'].entries()) {
        await store.put(letter(id, { key: id === 'a' ? 'server-2' : 'server-1', createdAtWallMs: 1_000 + index }));
      }
      const ids = async (options: Parameters<DeadLetterStore['list']>[0]) => (await store.list(options)).map(({ id }) => id);
      expect(await ids({ limit: 10 })).toEqual(['c', 'a', 'b']);
      expect(await ids({ limit: 2 })).toEqual(['c', 'a']);
      expect(await ids({ key: 'server-1', limit: 10 })).toEqual(['c', 'b']);
      expect(await ids({ key: 'server-3', limit: 10 })).toEqual([]);
      expect(await store.count()).toBe(3);
    });

    it('replaces a letter in its place', async () => {
      const store = await create();
      await store.put(letter('a'));
      await store.put(letter('b', { createdAtWallMs: 2_000 }));
      await store.put(letter('a', { attempts: 4, failedAtWallMs: 9_000 }));
      expect(await store.list({ limit: 10 })).toMatchObject([{ id: 'a', attempts: 4, failedAtWallMs: 9_000 }, { id: 'b' }]);
      expect(await store.count()).toBe(2);
    });

    it('keeps instants to the millisecond, also those beyond 32 bits', async () => {
      const store = await create();
      await store.put(letter('a', { createdAtWallMs: 1_790_000_000_001, failedAtWallMs: 1_790_000_000_002 }));
      expect(await store.get('a')).toMatchObject({ createdAtWallMs: 1_790_000_000_001, failedAtWallMs: 1_790_000_000_002 });
    });

    it('takes many at the same time', async () => {
      const store = await create();
      await Promise.all(Array.from({ length: 10 }, (_, index) => store.put(letter(`${index}`))));
      await Promise.all(Array.from({ length: 5 }, (_, index) => store.remove(`${index}`)));
      expect(await store.count()).toBe(5);
      expect(await store.list({ limit: 3 })).toHaveLength(3);
    });

    it('removes once', async () => {
      const store = await create();
      await store.put(letter('a'));
      expect(await store.remove('a')).toBe(true);
      expect(await store.remove('a')).toBe(false);
      expect(await store.get('a')).toBeNull();
      expect(await store.count()).toBe(0);
    });
  });
}
