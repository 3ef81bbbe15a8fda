import { ManualClock } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import type { ResilienceEvent } from './events.ts';
import { createStaleCache, type LoadContext, type StaleCacheOptions } from './stale-cache.ts';

function create(options: Partial<StaleCacheOptions<string>> = {}) {
  const clock = new ManualClock();
  const events: ResilienceEvent[] = [];
  const cache = createStaleCache<string>({
    key: 'server-1',
    freshMs: 60_000,
    staleMs: 600_000,
    maxEntries: 3,
    accept: (value) => value.length > 0,
    clock,
    onEvent: (event) => events.push(event),
    ...options,
  });
  const loads: LoadContext[] = [];
  const source = { value: 'v1', error: undefined as Error | undefined, delayMs: 0 };
  const load = async (context: LoadContext): Promise<string> => {
    loads.push(context);
    const { value, error, delayMs } = source;
    if (delayMs > 0) await new Promise<void>((resolve) => void clock.after(delayMs, resolve));
    if (error !== undefined) throw error;
    return value;
  };
  return { clock, cache, events, loads, source, load };
}

describe('stale cache', () => {
  it('loads once and serves from memory while fresh', async () => {
    const { cache, clock, load, loads } = create();
    await expect(cache.get('list', load)).resolves.toEqual({ kind: 'live', value: 'v1', ageMs: 0 });
    await clock.advance(59_999);
    await expect(cache.get('list', load)).resolves.toEqual({ kind: 'fresh', value: 'v1', ageMs: 59_999 });
    expect(loads).toHaveLength(1);
    expect(loads[0]?.isBackground).toBe(false);
    expect(cache.figures()).toMatchObject({ entries: 1, fresh: 1, misses: 1, stale: 0, hitRate: 0.5 });
  });

  it('serves a stale value at once and refreshes it in the background, once', async () => {
    const { cache, clock, load, loads, source } = create();
    await cache.get('list', load);
    await clock.advance(59_999);
    expect(cache.peek('list')?.isStale).toBe(false);
    await clock.advance(1);
    expect(cache.peek('list')?.isStale).toBe(true);
    Object.assign(source, { value: 'v2', delayMs: 100 });
    const both = await Promise.all([cache.get('list', load), cache.get('list', load)]);
    expect(both).toEqual(Array(2).fill({ kind: 'stale', value: 'v1', ageMs: 60_000, error: null }));
    await clock.advance(100);
    expect(loads.map(({ isBackground }) => isBackground)).toEqual([false, true]);
    await expect(cache.get('list', load)).resolves.toMatchObject({ kind: 'fresh', value: 'v2' });
  });

  it('goes on serving the last good value while refreshing fails, and says so', async () => {
    const { cache, clock, load, source, events } = create();
    await cache.get('list', load);
    await clock.advance(60_000);
    source.error = new Error('down');
    await cache.get('list', load);
    await clock.advance(1_000);
    await expect(cache.get('list', load)).resolves.toEqual({ kind: 'stale', value: 'v1', ageMs: 61_000, error: source.error });
    expect(events).toEqual([
      { kind: 'cache.served-stale', key: 'server-1', entry: 'list', ageMs: 61_000, error: source.error, atWallMs: clock.wall() },
    ]);
    await clock.advance(600_000);
    await expect(cache.get('list', load)).rejects.toThrow('down');
    expect(cache.figures()).toMatchObject({ failedLoads: 3, stale: 2, misses: 2 });
    expect(cache.peek('list')).toEqual({ value: 'v1', ageMs: 661_000, isStale: true });
  });

  it('never replaces a good value by one that is not acceptable', async () => {
    const { cache, clock, load, source } = create();
    await cache.get('list', load);
    await clock.advance(60_000);
    source.value = '';
    await cache.get('list', load);
    await clock.advance(0);
    await expect(cache.get('list', load)).resolves.toMatchObject({
      kind: 'stale',
      value: 'v1',
      error: { code: 'RESILIENCE_VALUE_REFUSED' },
    });
    await expect(cache.get('other', load)).rejects.toMatchObject({ code: 'RESILIENCE_VALUE_REFUSED', key: 'server-1' });
    expect(cache.put('list', '')).toBe(false);
    expect(cache.peek('list')?.value).toBe('v1');
    expect(cache.figures().refused).toBe(4);
  });

  it('loads once for all who ask at the same time, and gives all the same error', async () => {
    const { cache, clock, load, loads, source } = create();
    Object.assign(source, { error: new Error('down'), delayMs: 100 });
    const results = Promise.allSettled([cache.get('list', load), cache.get('list', load), cache.get('list', load)]);
    await clock.advance(100);
    expect((await results).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(loads).toHaveLength(1);
  });

  it('lets one caller leave without disturbing the others, and stops the load when the last one leaves', async () => {
    const { cache, clock, load, loads, source } = create();
    source.delayMs = 1_000;
    const controllers = [new AbortController(), new AbortController()];
    const [first, second] = controllers.map((controller) => cache.get('list', load, { signal: controller.signal }));
    first?.catch(() => undefined);
    second?.catch(() => undefined);
    await clock.advance(10);
    controllers[0]?.abort('left');
    await expect(first).rejects.toBe('left');
    expect(loads[0]?.signal.aborted).toBe(false);
    controllers[1]?.abort('left too');
    await expect(second).rejects.toBe('left too');
    expect(loads[0]?.signal.reason).toBe('left too');
    const third = cache.get('list', load);
    await clock.advance(1_000);
    await expect(third).resolves.toMatchObject({ kind: 'live' });
    expect(loads).toHaveLength(2);
    await expect(cache.get('list', load, { signal: AbortSignal.abort('before') })).rejects.toBe('before');
  });

  it('does not stop a load that was replaced when its last caller leaves', async () => {
    const { cache, clock, load, loads, source } = create();
    source.delayMs = 100;
    const controller = new AbortController();
    const left = cache.get('list', load, { signal: controller.signal });
    left.catch(() => undefined);
    await clock.advance(10);
    cache.invalidate('list');
    const stays = cache.get('list', load);
    await clock.advance(10);
    controller.abort('left');
    await clock.advance(100);
    await expect(left).rejects.toBe('left');
    await expect(stays).resolves.toMatchObject({ kind: 'live' });
    expect(loads.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  });

  it('gives a caller with a signal the value like anybody else', async () => {
    const { cache, load } = create();
    await expect(cache.get('list', load, { signal: new AbortController().signal })).resolves.toMatchObject({ value: 'v1' });
  });

  it('does not keep a load that began before an invalidation, a removal or a newer value', async () => {
    const { cache, clock, load, loads, source } = create();
    source.delayMs = 100;
    const old = cache.get('list', load);
    await clock.advance(50);
    cache.invalidate('list');
    source.value = 'v2';
    const young = cache.get('list', load);
    await clock.advance(200);
    await expect(old).resolves.toMatchObject({ value: 'v1' });
    await expect(young).resolves.toMatchObject({ value: 'v2' });
    expect(cache.peek('list')?.value).toBe('v2');
    expect(loads).toHaveLength(2);
    const other = cache.get('other', load);
    cache.delete('other');
    await clock.advance(100);
    await other;
    expect(cache.peek('other')).toBeNull();
    const overtaken = cache.get('third', load);
    cache.put('third', 'newer');
    await clock.advance(100);
    await overtaken;
    expect(cache.peek('third')?.value).toBe('newer');
  });

  it('refreshes an invalidated value in the background', async () => {
    const { cache, clock, load, loads } = create();
    cache.put('list', 'pushed');
    cache.invalidate('list');
    cache.invalidate('unknown');
    await expect(cache.get('list', load)).resolves.toMatchObject({ kind: 'stale', value: 'pushed' });
    await clock.advance(0);
    expect(loads).toHaveLength(1);
    expect(cache.peek('list')).toMatchObject({ value: 'v1', isStale: false });
  });

  it('forgets a background failure of an entry that is gone', async () => {
    const { cache, clock, load, source } = create();
    await cache.get('list', load);
    await clock.advance(60_000);
    Object.assign(source, { error: new Error('down'), delayMs: 10 });
    await cache.get('list', load);
    cache.delete('list');
    await clock.advance(10);
    expect(cache.peek('list')).toBeNull();
    expect(cache.figures().failedLoads).toBe(1);
  });

  it('stays within its bound and drops what was not asked for longest', async () => {
    const { cache, load } = create();
    for (const name of ['a', 'b', 'c']) await cache.get(name, load);
    await cache.get('a', load);
    await cache.get('d', load);
    expect(['a', 'b', 'c', 'd'].map((name) => cache.peek(name) !== null)).toEqual([true, false, true, true]);
    expect(cache.figures()).toMatchObject({ entries: 3, evicted: 1 });
  });

  it('needs no validator, no listener and no clock of the caller', async () => {
    const cache = createStaleCache<string>({ key: 'x', freshMs: 0, staleMs: 60_000, maxEntries: 1 });
    expect(cache.figures().hitRate).toBe(0);
    expect(cache.put('a', '')).toBe(true);
    await expect(cache.get('a', () => Promise.reject(new Error('down')))).resolves.toMatchObject({ kind: 'stale', value: '' });
    await Promise.resolve();
    await Promise.resolve();
    await Promise.resolve();
    await expect(cache.get('a', async () => 'b')).resolves.toMatchObject({ kind: 'stale' });
  });

  it.each([{ freshMs: -1 }, { staleMs: Number.NaN }, { maxEntries: 0 }, { maxEntries: 1.5 }])('refuses %j', (options) => {
    expect(() => create(options)).toThrow(expect.objectContaining({ code: 'RESILIENCE_SPEC_INVALID' }));
  });
});

describe('the bounds of a cache', () => {
  it.each([
    [{ freshMs: -1 }, 'freshMs and staleMs of a cache must be 0 or more.'],
    [{ staleMs: Number.NaN }, 'freshMs and staleMs of a cache must be 0 or more.'],
    [{ maxEntries: 0 }, 'maxEntries of a cache must be 1 or more.'],
    [{ maxEntries: 1.5 }, 'maxEntries of a cache must be 1 or more.'],
  ])('are refused where they cannot work (%j)', (options, message) => {
    expect(() => create(options)).toThrow(expect.objectContaining({ code: 'RESILIENCE_SPEC_INVALID', message }));
  });

  it('may be none: then every value is loaded', async () => {
    const { cache, load, loads } = create({ freshMs: 0, staleMs: 0 });
    await cache.get('list', load);
    await expect(cache.get('list', load)).resolves.toMatchObject({ kind: 'live' });
    expect(loads).toHaveLength(2);
  });

  it('end at the very instant', async () => {
    const { cache, clock, load } = create();
    await cache.get('list', load);
    await clock.advance(660_000);
    await expect(cache.get('list', load)).resolves.toMatchObject({ kind: 'live', ageMs: 0 });
  });

  it('drop what was neither asked for nor replaced longest', () => {
    const { cache } = create({ maxEntries: 2 });
    for (const name of ['a', 'b', 'a', 'c']) cache.put(name, name);
    expect(['a', 'b', 'c'].map((name) => cache.peek(name)?.value)).toEqual(['a', undefined, 'c']);
  });
});

it('counts stale answers as hits, too', async () => {
  const { cache, clock, load } = create();
  await cache.get('list', load);
  await cache.get('list', load);
  await clock.advance(60_000);
  await cache.get('list', load);
  await clock.advance(0);
  expect(cache.figures()).toMatchObject({ fresh: 1, stale: 1, misses: 1, hitRate: 2 / 3 });
});

it('says which value it refused, and accepts all where nobody refuses any', async () => {
  const { cache, load, source } = create();
  source.value = '';
  await expect(cache.get('list', load)).rejects.toMatchObject({
    code: 'RESILIENCE_VALUE_REFUSED',
    message: 'The value loaded for list of server-1 is not acceptable.',
    key: 'server-1',
    details: { entry: 'list' },
  });
  const tolerant = createStaleCache<string>({ key: 'x', freshMs: 1, staleMs: 1, maxEntries: 1 });
  await expect(tolerant.get('list', () => Promise.resolve(''))).resolves.toMatchObject({ value: '' });
  expect(tolerant.peek('list')?.value).toBe('');
});
