import { ManualClock } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import type { EncodedScreen } from './ports/screen-encoder.ts';
import { ScreenStore } from './screen-store.ts';

const picture = (fill: number, bytes = 100): EncodedScreen => ({
  bytes: new Uint8Array(bytes).fill(fill),
  mediaType: 'image/webp',
  sample: new Uint8Array(1),
});

function createStore(maxBytes = 250, key = new Uint8Array(32)) {
  const evicted: string[] = [];
  const clock = new ManualClock();
  const store = new ScreenStore(clock, { key, ttlMs: 1_000, maxBytes, onEvicted: (machine) => void evicted.push(machine) });
  return { store, evicted, clock };
}

describe('screen store', () => {
  it('gives addresses that depend on the picture and on a secret', () => {
    const { store } = createStore();
    expect(store.put('a', picture(1))).toMatch(/^[0-9a-f]{32}$/);
    expect(store.put('b', picture(1))).toBe(store.put('a', picture(1)));
    expect(createStore(250, new Uint8Array(32).fill(7)).store.put('a', picture(1))).not.toBe(store.put('a', picture(1)));
  });

  it('keeps a replaced picture for late readers while there is room, and gives it up first', () => {
    const { store, evicted } = createStore();
    const old = store.put('a', picture(1));
    const newest = store.put('a', picture(2));
    expect(store.byHash(old)).not.toBeNull();
    store.put('b', picture(3));
    expect(store.byHash(old)).toBeNull();
    expect(store.byHash(newest)).not.toBeNull();
    expect(evicted).toEqual([]);
    expect(store.count).toBe(2);
    expect(store.bytes).toBe(200);
  });

  it('gives up the picture that was not asked for longest, and says whose it was', () => {
    const { store, evicted } = createStore();
    store.put('a', picture(1));
    store.put('b', picture(2));
    store.ofMachine('a');
    store.put('c', picture(3));
    expect(evicted).toEqual(['b']);
    expect(store.ofMachine('b')).toBeNull();
    expect(store.ofMachine('a')?.bytes[0]).toBe(1);
  });

  it('keeps a new picture even when it is larger than the room', () => {
    const { store, evicted } = createStore();
    store.put('a', picture(1, 400));
    expect(store.ofMachine('a')?.bytes).toHaveLength(400);
    expect(evicted).toEqual([]);
  });

  it('tells the age since the picture was last found true', async () => {
    const { store, clock } = createStore();
    store.put('a', picture(1));
    await clock.advance(1_500);
    expect(store.ofMachine('a')).toMatchObject({ ageMs: 1_500, isStale: true });
    store.confirm('a');
    await clock.advance(400);
    expect(store.ofMachine('a')).toMatchObject({ ageMs: 400, isStale: false });
    store.release('a');
    expect(store.ofMachine('a')).toBeNull();
  });
});
