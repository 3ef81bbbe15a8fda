import type { Principal } from '@breakwater/access';
import { type EventName, eventSchemas } from '@breakwater/contract';
import { ManualClock, silentLogger, toMoid, toServerId } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { LiveFleet } from '../live/live-fleet.ts';
import { ResilienceReader } from '../live/resilience-reader.ts';
import { FakeFleet } from '../testing/fake-fleet.ts';
import { makeMachine, makeOperation, makeServer } from '../testing/samples.ts';
import { parseEventId } from './event-format.ts';
import { EventHub, type EventHubLimits } from './event-hub.ts';
import type { StreamSocket } from './stream-connection.ts';

const ANNA: Principal = { id: 'p1', name: 'anna', role: 'viewer', via: 'session' };
const BORIS: Principal = { id: 'p2', name: 'boris', role: 'viewer', via: 'session' };

interface SeenEvent {
  readonly id: string | null;
  readonly name: string;
  readonly data: unknown;
}

/** A socket that remembers; `isStuck` keeps bytes waiting as a slow reader would. */
class FakeSocket implements StreamSocket {
  text = '';
  writes: Buffer[] = [];
  isStuck = false;
  waiting = 0;
  corks = 0;
  destroyed = false;
  ended = false;

  get writableLength(): number {
    return this.waiting;
  }

  write(bytes: Buffer): boolean {
    this.writes.push(bytes);
    this.text += bytes.toString();
    if (this.isStuck) this.waiting += bytes.length;
    return !this.isStuck;
  }

  cork(): void {
    this.corks += 1;
  }

  uncork(): void {
    this.corks -= 1;
  }

  end(bytes: Buffer): void {
    this.write(bytes);
    this.ended = true;
  }

  destroy(): void {
    this.destroyed = true;
  }

  events(): readonly SeenEvent[] {
    return this.text
      .split('\n\n')
      .filter((block) => block.includes('event: '))
      .map((block) => {
        const field = (name: string) =>
          block
            .split('\n')
            .find((line) => line.startsWith(`${name}: `))
            ?.slice(name.length + 2) ?? null;
        return { id: field('id'), name: field('event') ?? '', data: JSON.parse(field('data') ?? 'null') as unknown };
      });
  }

  named(name: EventName): readonly SeenEvent[] {
    return this.events().filter((event) => event.name === name);
  }
}

const createReader = (fleet: FakeFleet, clock: ManualClock): ResilienceReader =>
  new ResilienceReader({
    fleet,
    clock,
    readLoopLagS: () => 0.002,
    memoryBytes: () => 100,
    databaseBytes: null,
    streamCount: () => 1,
    consoleCount: () => 0,
  });

async function openHub(limits: Partial<EventHubLimits> = {}) {
  const clock = new ManualClock();
  const fleet = new FakeFleet(clock);
  fleet.seed({ id: 'a' }, { machineCount: 3 });
  const live = new LiveFleet(fleet);
  await live.load();
  const hub = new EventHub({ fleet, live, resilience: createReader(fleet, clock), clock, logger: silentLogger, boot: 'boot1', limits });
  const join = (
    options: { readonly lastEventId?: string; readonly principal?: Principal; readonly identify?: () => Principal | null } = {},
  ) => {
    const socket = new FakeSocket();
    const stream = hub.open(socket, {
      principal: options.principal ?? ANNA,
      lastSeen: parseEventId(options.lastEventId),
      identify: () => Promise.resolve(options.identify === undefined ? (options.principal ?? ANNA) : options.identify()),
    });
    return { socket, ...stream };
  };
  const change = (moid: string, name: string) => fleet.changeMachine(makeMachine({ server_id: 'a', moid, name }));
  const settle = async () => {
    await clock.advance(300);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { clock, fleet, hub, join, change, settle };
}

const screen = (hash: string) => ({ bytes: new Uint8Array([1]), mediaType: 'image/webp', hash, ageMs: 0, isStale: false });
const refOf = (moid: string) => ({ serverId: toServerId('a'), moid: toMoid(moid) });

describe('EventHub', () => {
  it('greets with boot, sequence and the name of the connection', async () => {
    const { join } = await openHub();
    const { socket, id } = join();
    expect(socket.text).toMatch(/^retry: 3000\nid: boot1-0\nevent: hello\n/);
    expect(socket.events()).toEqual([
      {
        id: 'boot1-0',
        name: 'hello',
        data: { boot: 'boot1', seq: 0, server_time: '2026-01-01T00:00:00.000Z', connection: id, reader: { id: 'p1', role: 'viewer' } },
      },
    ]);
  });

  it('sends every kind of event in the shape of the contract', async () => {
    const { fleet, join, hub, change, settle } = await openHub();
    const { socket, id } = join();
    hub.setVisible(id, { principal: ANNA, machines: [refOf('2')], resilience: 'hidden' });
    change('1', 'renamed');
    fleet.changeServer(makeServer({ id: 'a', state: 'slow' }));
    fleet.changeOperation(makeOperation({ id: 'op' }));
    fleet.changeScreen(refOf('2'), screen('h1'));
    fleet.removeMachine(refOf('3'));
    await settle();
    fleet.seed({ id: 'z' }, { machineCount: 0 });
    await fleet.removeServer(toServerId('z'));
    await settle();
    const seen = socket.events();
    expect(new Set(seen.map((event) => event.name))).toEqual(
      new Set([
        'hello',
        'machine.changed',
        'machine.removed',
        'screen.changed',
        'server.changed',
        'server.removed',
        'operation.progressed',
      ]),
    );
    for (const event of seen) expect(eventSchemas[event.name as EventName].safeParse(event.data).error).toBeUndefined();
  });

  it('merges the changes of a machine and sends at most four frames a second', async () => {
    const { clock, join, change, settle } = await openHub();
    const { socket } = join();
    for (let step = 0; step < 100; step++) {
      change('1', `name-${step}`);
      await clock.advance(10);
    }
    await settle();
    const frames = socket.named('machine.changed');
    expect(frames.length).toBeGreaterThan(2);
    expect(frames.length).toBeLessThanOrEqual(5);
    expect(frames.at(-1)?.data).toMatchObject([{ moid: '1', name: 'name-99' }]);
    for (const frame of frames) expect(frame.data).toHaveLength(1);
  });

  it('does not tell of a machine that is gone before its frame', async () => {
    const { fleet, join, change, settle } = await openHub();
    const { socket } = join();
    change('1', 'renamed');
    fleet.removeMachine(refOf('1'));
    await settle();
    expect(socket.named('machine.changed')).toEqual([]);
    expect(socket.named('machine.removed')).toMatchObject([{ data: [{ server_id: 'a', moid: '1' }] }]);
  });

  it('numbers events and replays exactly what a returning connection missed', async () => {
    const { join, change, settle } = await openHub();
    const first = join();
    change('1', 'one');
    await settle();
    const seen = first.socket.events().at(-1)?.id ?? '';
    first.close();
    change('1', 'two');
    await settle();
    change('2', 'three');
    await settle();
    const again = join({ lastEventId: seen });
    expect(again.socket.events().map((event) => [event.id, event.name])).toEqual([
      ['boot1-1', 'hello'],
      ['boot1-2', 'machine.changed'],
      ['boot1-3', 'machine.changed'],
    ]);
    expect(again.socket.named('resync')).toEqual([]);
  });

  it.each([
    ['another start of the program', 'boot0-1', 'restarted'],
    ['a number that was never given', 'boot1-99', 'too_old'],
  ])('asks for a resync after %s', async (_, lastEventId, reason) => {
    const { join } = await openHub();
    expect(join({ lastEventId }).socket.named('resync')).toMatchObject([{ data: { reason } }]);
  });

  it('asks for a resync when what was missed is too old to be kept', async () => {
    const { clock, join, change, settle } = await openHub();
    change('1', 'one');
    await settle();
    await clock.advance(301_000);
    expect(join({ lastEventId: 'boot1-0' }).socket.named('resync')).toMatchObject([{ data: { reason: 'too_old' } }]);
    expect(join({ lastEventId: 'boot1-1' }).socket.named('resync')).toEqual([]);
  });

  it('writes one shared buffer to all connections', async () => {
    const { join, change, settle } = await openHub();
    const [left, right] = [join().socket, join().socket];
    change('1', 'one');
    await settle();
    expect(left.writes.at(-1)).toBe(right.writes.at(-1));
  });

  it('reaches every connection when there are more than one slice of them', async () => {
    const { join, change, settle } = await openHub({ sliceSize: 3, maxConnections: 50, maxConnectionsPerPrincipal: 50 });
    const sockets = Array.from({ length: 10 }, () => join().socket);
    change('1', 'one');
    for (let turn = 0; turn < 5; turn++) await settle();
    for (const socket of sockets) expect(socket.named('machine.changed')).toHaveLength(1);
  });

  it('tells of screens only where they are shown, at once for those that come into view', async () => {
    const { fleet, join, hub, settle } = await openHub();
    fleet.changeScreen(refOf('1'), screen('before'));
    await settle();
    const [looking, other] = [join(), join()];
    hub.setVisible(looking.id, { principal: ANNA, machines: [refOf('1'), refOf('gone')], resilience: 'hidden' });
    expect(fleet.visible.get(looking.id)).toEqual([refOf('1')]);
    expect(looking.socket.named('screen.changed')).toMatchObject([{ id: null, data: [{ moid: '1', hash: 'before' }] }]);
    fleet.changeScreen(refOf('1'), screen('after'));
    fleet.changeScreen(refOf('2'), screen('unseen'));
    await settle();
    expect(looking.socket.named('screen.changed')[1]).toMatchObject({ data: [{ moid: '1', hash: 'after' }] });
    expect(other.socket.named('screen.changed')).toEqual([]);
  });

  it("refuses to set what another person's connection shows", async () => {
    const { hub, join } = await openHub();
    const { id } = join();
    expect(() => hub.setVisible(id, { principal: BORIS, machines: [], resilience: 'hidden' })).toThrow('not open');
    expect(() => hub.setVisible('nonsense', { principal: ANNA, machines: [], resilience: 'hidden' })).toThrow('not open');
  });

  it('forgets what a closed connection showed', async () => {
    const { fleet, hub, join } = await openHub();
    const { id, close } = join();
    hub.setVisible(id, { principal: ANNA, machines: [refOf('1')], resilience: 'hidden' });
    close();
    expect(fleet.visible.size).toBe(0);
    expect(hub.connectionCount).toBe(0);
  });

  it('keeps a quiet stream alive every 15 seconds and holds no timer for nobody', async () => {
    const { clock, join } = await openHub();
    const idle = clock.pendingCount;
    const { socket, close } = join();
    await clock.advance(31_000);
    expect(socket.text.match(/^: still here$/gm)).toHaveLength(2);
    close();
    await clock.advance(15_000);
    expect(clock.pendingCount).toBe(idle);
  });

  it('leaves out frames for a slow reader and sends one resync when it has caught up', async () => {
    const { join, change, settle } = await openHub({ maxBufferedBytes: 2_000 });
    const [slow, quick] = [join().socket, join().socket];
    slow.isStuck = true;
    for (let step = 0; step < 20; step++) {
      change('1', `name-${step}`);
      await settle();
    }
    expect(slow.waiting).toBeLessThan(2_000 + 1_500);
    expect(quick.named('machine.changed')).toHaveLength(20);
    slow.isStuck = false;
    slow.waiting = 0;
    change('1', 'last');
    await settle();
    expect(slow.events().at(-1)).toMatchObject({ name: 'resync', data: { reason: 'slow' } });
    change('1', 'next');
    await settle();
    expect(slow.events().at(-1)).toMatchObject({ name: 'machine.changed' });
  });

  it('cuts off a reader that does not catch up', async () => {
    const { clock, join, change, settle } = await openHub({ maxBufferedBytes: 100 });
    const { socket } = join();
    socket.isStuck = true;
    for (let step = 0; step < 3; step++) {
      change('1', `name-${step}`);
      await settle();
    }
    await clock.advance(60_000);
    expect(socket.destroyed).toBe(true);
  });

  it('ends the stream of a person who has signed out', async () => {
    const { clock, hub, join } = await openHub();
    let reader: Principal | null = ANNA;
    const { socket } = join({ identify: () => reader });
    await clock.advance(15_000);
    expect(socket.ended).toBe(false);
    reader = null;
    await clock.advance(15_000);
    expect(socket.ended).toBe(true);
    expect(hub.connectionCount).toBe(0);
  });

  it('tells a reader of a new role once, at once where somebody knows of it and otherwise with the heartbeat', async () => {
    const { clock, hub, join } = await openHub();
    let role: Principal['role'] = 'viewer';
    const { socket } = join({ identify: () => ({ ...ANNA, role }) });
    hub.checkReaders();
    await clock.advance(15_000);
    expect(socket.named('reader.changed')).toEqual([]);
    role = 'operator';
    hub.checkReaders();
    await clock.advance(0);
    expect(socket.named('reader.changed')).toEqual([{ id: null, name: 'reader.changed', data: { id: 'p1', role: 'operator' } }]);
    role = 'admin';
    await clock.advance(15_000);
    await clock.advance(15_000);
    expect(socket.named('reader.changed').map(({ data }) => data)).toEqual([
      { id: 'p1', role: 'operator' },
      { id: 'p1', role: 'admin' },
    ]);
  });

  it('tells a new role to a slow reader once it has caught up', async () => {
    const { clock, hub, join, change, settle } = await openHub({ maxBufferedBytes: 10 });
    let role: Principal['role'] = 'viewer';
    const { socket } = join({ identify: () => ({ ...ANNA, role }) });
    socket.isStuck = true;
    change('1', 'renamed');
    await settle();
    role = 'admin';
    hub.checkReaders();
    await clock.advance(0);
    expect(socket.named('reader.changed')).toEqual([]);
    socket.isStuck = false;
    socket.waiting = 0;
    await clock.advance(15_000);
    await clock.advance(15_000);
    expect(socket.named('reader.changed')).toHaveLength(1);
  });

  it('forgets a connection that is gone although nothing happens in the fleet', async () => {
    const { clock, hub, join } = await openHub();
    const { socket } = join();
    socket.destroyed = true;
    await clock.advance(15_000);
    expect(hub.connectionCount).toBe(0);
    expect(clock.pendingCount).toBe(0);
  });

  it('limits streams for each person and for all', async () => {
    const { hub, join } = await openHub({ maxConnections: 3, maxConnectionsPerPrincipal: 2 });
    join();
    join();
    expect(() => hub.assertRoom(ANNA)).toThrow('Too many');
    expect(() => hub.assertRoom(BORIS)).not.toThrow();
    join({ principal: BORIS });
    expect(() => hub.assertRoom({ ...BORIS, id: 'p3' })).toThrow('Too many');
  });

  it('tells every stream when the portal stops', async () => {
    const { hub, join } = await openHub();
    const { socket } = join();
    await hub.close();
    expect(socket.events().at(-1)).toMatchObject({ name: 'resync', data: { reason: 'closing' } });
    expect(socket.ended).toBe(true);
    expect(() => hub.assertRoom(ANNA)).toThrow('stopping');
  });

  it('tells figures of protection to those who show them: every row at first, then what has changed, and at once after an act', async () => {
    const { clock, fleet, hub, join } = await openHub();
    fleet.seed({ id: 'b' }, { machineCount: 0 });
    const other = join();
    const { socket, id } = join();
    const rowsOf = () =>
      socket.named('resilience.changed').map(({ data }) => eventSchemas['resilience.changed'].parse(data).servers.map((row) => row.id));
    hub.setVisible(id, { principal: ANNA, machines: [], resilience: 'shown' });
    await clock.advance(0);
    expect(rowsOf()).toEqual([['a', 'b']]);
    await clock.advance(2_000);
    expect(rowsOf()).toEqual([['a', 'b'], []]);
    fleet.protection.rows.set('b', { state: 'unreachable' });
    await fleet.protection.resumePolling(toServerId('b'), { actor: 'anna' });
    await clock.advance(50);
    expect(rowsOf()).toEqual([['a', 'b'], [], ['b']]);
    hub.setVisible(id, { principal: ANNA, machines: [], resilience: 'hidden' });
    await clock.advance(10_000);
    expect(rowsOf()).toHaveLength(3);
    expect(other.socket.named('resilience.changed')).toEqual([]);
    expect(socket.named('resilience.changed').every((event) => event.id === null)).toBe(true);
  });

  it('tells a reader who was too slow every row again', async () => {
    const { clock, hub, join } = await openHub({ maxBufferedBytes: 10 });
    const { socket, id } = join();
    hub.setVisible(id, { principal: ANNA, machines: [], resilience: 'shown' });
    await clock.advance(0);
    socket.waiting = 1_000;
    await clock.advance(2_000);
    expect(socket.named('resilience.changed')).toHaveLength(1);
    socket.waiting = 0;
    await clock.advance(17_000);
    const last = eventSchemas['resilience.changed'].parse(socket.named('resilience.changed').at(1)?.data);
    expect(last.servers.map((row) => row.id)).toEqual(['a']);
  });
});
