import type { DownloadDoor } from '../../ports/download-door.ts';

/** By the door and not by the host: hosts that are set up at the same time share the files of one cache. */
const turnsOf = new WeakMap<DownloadDoor, Map<string, Promise<void>>>();

/** One after the other for each file: two that fetch the same one at once would write into each other's, and the second finds it fetched. */
export async function inTurn<T>(door: DownloadDoor, path: string, work: () => Promise<T>): Promise<T> {
  const turns = turnsOf.get(door) ?? new Map<string, Promise<void>>();
  turnsOf.set(door, turns);
  const before = turns.get(path);
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  turns.set(path, over);
  try {
    await before;
    return await work();
  } finally {
    if (turns.get(path) === over) turns.delete(path);
    end();
  }
}

export const isInUse = (door: DownloadDoor, path: string): boolean => turnsOf.get(door)?.has(path) === true;
