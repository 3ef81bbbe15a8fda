import { ManualClock } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { ApiError } from '../api/api-error.ts';
import { buildMachine, buildResilience, buildSnapshot } from '../testing/build-fleet.ts';
import { createFleetFeed, type EventStream } from './fleet-feed.ts';
import { createFleetStore } from './fleet-store.ts';

class FakeStream implements EventStream {
  onerror: ((event: Event) => void) | null = null;
  isClosed = false;
  readonly url: string;
  readonly #listeners = new Map<string, (event: MessageEvent<string>) => void>();

  constructor(url: string) {
    this.url = url;
  }

  addEventListener(name: string, listener: (event: MessageEvent<string>) => void): void {
    this.#listeners.set(name, listener);
  }

  close(): void {
    this.isClosed = true;
  }

  emit(name: string, data: unknown, lastEventId = ''): void {
    this.#listeners.get(name)?.({ data: JSON.stringify(data), lastEventId } as MessageEvent<string>);
  }

  fail(): void {
    this.onerror?.({} as Event);
  }
}

function setUp() {
  const clock = new ManualClock();
  const store = createFleetStore();
  const streams: FakeStream[] = [];
  const visible: unknown[] = [];
  const world = { snapshots: 0, error: null as ApiError | null, online: true, signedOut: 0, readers: [] as unknown[], boot: 'b1', seq: 1 };
  const feed = createFleetFeed({
    store,
    clock,
    random: () => 1,
    portal: {
      readSnapshot: () => {
        world.snapshots += 1;
        if (world.error !== null) return Promise.reject(world.error);
        return Promise.resolve({ snapshot: buildSnapshot({ boot: world.boot, seq: world.seq }), etag: '"1"' });
      },
      tellVisible: (connection, { machines, resilience }) => {
        visible.push(resilience ? [connection, machines, 'resilience'] : [connection, machines]);
        return Promise.resolve();
      },
      toEventsUrl: (id) => `/events?${id ?? ''}`,
    },
    openStream: (url) => {
      const stream = new FakeStream(url);
      streams.push(stream);
      return stream;
    },
    isOnline: () => world.online,
    onSignedOut: () => {
      world.signedOut += 1;
    },
    onReader: (reader) => world.readers.push(reader),
  });
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  };
  const hello = (boot = 'b1'): void =>
    streams.at(-1)?.emit('hello', { boot, seq: 1, server_time: '', connection: 'c1', reader: { id: 'p1', role: 'viewer' } });
  return { clock, store, streams, visible, world, feed, settle, hello };
}

describe('the fleet feed', () => {
  it('passes on who the portal takes us for, at each beginning and when the role changes', async () => {
    const { feed, streams, world, settle, hello } = setUp();
    feed.start();
    await settle();
    hello();
    streams[0]?.emit('reader.changed', { id: 'p1', role: 'operator' });
    expect(world.readers).toEqual([
      { id: 'p1', role: 'viewer' },
      { id: 'p1', role: 'operator' },
    ]);
  });

  it('loads the snapshot, then follows the stream from there', async () => {
    const { feed, streams, store, settle, hello } = setUp();
    feed.start();
    await settle();
    expect(streams[0]?.url).toBe('/events?b1-1');
    hello();
    expect(feed.status().kind).toBe('live');
    streams[0]?.emit('machine.changed', [buildMachine({ cpu_percent: 99 })], 'b1-7');
    expect(store.machine('s1/1')?.cpu_percent).toBe(99);
  });

  it('reconnects by itself after a cut and goes on after the last event', async () => {
    const { feed, streams, clock, settle, hello } = setUp();
    feed.start();
    await settle();
    hello();
    streams[0]?.emit('machine.changed', [], 'b1-7');
    streams[0]?.fail();
    expect(feed.status()).toMatchObject({ kind: 'lost', offline: 'no' });
    expect(streams[0]?.isClosed).toBe(true);
    await clock.advance(1_000);
    await settle();
    expect(streams).toHaveLength(2);
    hello();
    expect(feed.status().kind).toBe('live');
  });

  it('waits longer after each failure, at most 30 seconds', async () => {
    const { feed, world, clock, settle } = setUp();
    world.error = new ApiError({ status: 502, code: 'X', message: 'x' });
    feed.start();
    await settle();
    const waits: number[] = [];
    for (let round = 0; round < 7; round++) {
      const before = world.snapshots;
      let waitedMs = 0;
      while (world.snapshots === before && waitedMs < 60_000) {
        await clock.advance(500);
        waitedMs += 500;
        await settle();
      }
      waits.push(waitedMs);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  it('polls when no hello comes within ten seconds, and returns to the stream when it can', async () => {
    const { feed, world, streams, clock, settle, hello } = setUp();
    feed.start();
    await settle();
    await clock.advance(10_000);
    await settle();
    expect(feed.status().kind).toBe('polling');
    const before = world.snapshots;
    await clock.advance(15_000);
    await settle();
    expect(world.snapshots).toBe(before + 1);
    await clock.advance(45_000);
    await settle();
    expect(streams).toHaveLength(2);
    hello();
    expect(feed.status().kind).toBe('live');
    const after = world.snapshots;
    await clock.advance(60_000);
    await settle();
    expect(world.snapshots).toBe(after);
  });

  it('fetches the snapshot again on resync and when the portal was restarted', async () => {
    const { feed, world, streams, settle, hello } = setUp();
    feed.start();
    await settle();
    hello();
    streams[0]?.emit('resync', { reason: 'gap' });
    await settle();
    expect(world.snapshots).toBe(2);
    hello('b2');
    await settle();
    expect(world.snapshots).toBe(3);
  });

  it('closes the stream half a minute after the page is hidden and opens it when it is seen', async () => {
    const { feed, streams, clock, settle, hello } = setUp();
    feed.start();
    await settle();
    hello();
    feed.setPageVisibility('hidden');
    await clock.advance(29_000);
    expect(streams[0]?.isClosed).toBe(false);
    await clock.advance(1_000);
    expect(streams[0]?.isClosed).toBe(true);
    feed.setPageVisibility('visible');
    await settle();
    expect(streams).toHaveLength(2);
  });

  it('changes nothing while it is paused', async () => {
    const { feed, streams, clock, settle, hello } = setUp();
    feed.start();
    await settle();
    hello();
    feed.pause();
    expect(feed.status().kind).toBe('paused');
    await clock.advance(300_000);
    await settle();
    expect(streams.every((stream) => stream.isClosed)).toBe(true);
    expect(streams).toHaveLength(1);
    feed.resume();
    await settle();
    expect(streams).toHaveLength(2);
  });

  it('tells the portal what is visible, 300 ms after the last scroll, and again after a reconnect', async () => {
    const { feed, visible, clock, settle, hello } = setUp();
    feed.start();
    await settle();
    hello();
    visible.length = 0;
    feed.setVisibleMachines([{ server_id: 's1', moid: '1' }]);
    await clock.advance(200);
    feed.setVisibleMachines([{ server_id: 's1', moid: '2' }]);
    await clock.advance(299);
    expect(visible).toEqual([]);
    await clock.advance(1);
    expect(visible).toEqual([['c1', [{ server_id: 's1', moid: '2' }]]]);
    hello();
    expect(visible).toHaveLength(2);
  });

  it('ends when the session is over', async () => {
    const { feed, world, clock, settle } = setUp();
    world.error = new ApiError({ status: 401, code: 'PORTAL_SIGN_IN_REQUIRED', message: 'x' });
    feed.start();
    await settle();
    expect(world.signedOut).toBe(1);
    const before = world.snapshots;
    await clock.advance(120_000);
    await settle();
    expect(world.snapshots).toBe(before);
  });

  it('says that the browser is offline and tries at once when the network is back', async () => {
    const { feed, world, streams, settle, hello } = setUp();
    feed.start();
    await settle();
    hello();
    world.online = false;
    feed.networkChanged();
    expect(feed.status()).toMatchObject({ kind: 'lost', offline: 'yes' });
    world.online = true;
    feed.networkChanged();
    await settle();
    expect(streams).toHaveLength(2);
  });

  it('says that figures of protection are shown, again after a reconnect, and keeps what it is told', async () => {
    const { feed, streams, store, visible, clock, settle, hello } = setUp();
    feed.start();
    await settle();
    hello();
    feed.setResilience('shown');
    await clock.advance(0);
    expect(visible.at(-1)).toEqual(['c1', [], 'resilience']);
    const [first, second] = [buildResilience({ id: 's1' }), buildResilience({ id: 's2' })];
    const portal = { loop_lag_ms: 1, memory_bytes: 2, database_bytes: null, sse_clients: 1, console_sessions: 0 };
    streams[0]?.emit('resilience.changed', { at: '2026-01-01T00:00:02.000Z', servers: [first, second], portal });
    streams[0]?.emit('resilience.changed', { at: '2026-01-01T00:00:04.000Z', servers: [{ ...second, state: 'slow' }], portal });
    expect(store.resilience()?.servers.map(({ id, state }) => [id, state])).toEqual([
      ['s1', 'live'],
      ['s2', 'slow'],
    ]);
    store.replaceResilience({ at: '2026-01-01T00:00:03.000Z', servers: [], portal });
    expect(store.resilience()?.servers).toHaveLength(2);
    streams[0]?.fail();
    await clock.advance(1_000);
    await settle();
    hello();
    expect(visible.at(-1)).toEqual(['c1', [], 'resilience']);
    feed.setResilience('hidden');
    await clock.advance(0);
    expect(visible.at(-1)).toEqual(['c1', []]);
  });
});
