import { ManualClock } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import type { CondensedScreen, EncodedScreen } from './ports/screen-encoder.ts';
import { ScreenStore } from './screen-store.ts';

const picture = (fill: number, bytes = 100): EncodedScreen => ({
  bytes: new Uint8Array(bytes).fill(fill),
  mediaType: 'image/webp',
  sample: new Uint8Array(1),
  pixels: null,
});

const withPixels = (fill: number, pixels: number): EncodedScreen => ({ ...picture(fill), pixels: new Uint8Array(pixels) });
const small = (bytes: number): CondensedScreen => ({ bytes: new Uint8Array(bytes), mediaType: 'image/avif' });

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

  it('gives up what smaller forms are made from before it gives up a picture', () => {
    const { store, evicted } = createStore(500);
    const first = store.put('a', withPixels(1, 150));
    const second = store.put('b', withPixels(2, 150));
    expect([store.bytes, store.smallForm(first).kind, store.smallForm(second).kind]).toEqual([500, 'possible', 'possible']);
    const third = store.put('c', withPixels(3, 150));
    expect([first, second, third].map((hash) => store.smallForm(hash).kind)).toEqual(['none', 'none', 'possible']);
    expect([store.bytes, store.count, evicted]).toEqual([450, 3, []]);
  });

  it('keeps a smaller form in place of the pixels, and forgets it with its picture', () => {
    const { store } = createStore(250);
    const hash = store.put('a', withPixels(1, 100));
    expect(store.settleSmallForm(hash, small(40))).toEqual(small(40));
    expect([store.bytes, store.smallForm(hash)]).toEqual([140, { kind: 'made', screen: small(40) }]);
    store.put('a', picture(2));
    store.put('a', picture(3));
    expect([store.bytes, store.smallForm(hash)]).toEqual([200, { kind: 'none' }]);
  });

  it('takes no form that is not smaller, and has no pixels to try again', () => {
    const { store } = createStore(250);
    const hash = store.put('a', withPixels(1, 100));
    expect(store.settleSmallForm(hash, small(100))).toBeNull();
    expect([store.bytes, store.smallForm(hash)]).toEqual([100, { kind: 'none' }]);
  });
});
