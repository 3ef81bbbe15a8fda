import type { MachineList } from '@breakwater/contract';
import { machineListSchema } from '@breakwater/contract';
import { ManualClock, toMoid, toServerId } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { FakeFleet } from '../testing/fake-fleet.ts';
import { makeMachine, makeServer } from '../testing/samples.ts';
import { ListBodies } from './list-bodies.ts';
import { LiveFleet } from './live-fleet.ts';

async function openLists() {
  const clock = new ManualClock();
  const fleet = new FakeFleet(clock);
  fleet.seed({ id: 'a' }, { machineCount: 3 });
  fleet.seed({ id: 'b' }, { machineCount: 2 });
  const live = new LiveFleet(fleet);
  await live.load();
  const lists = new ListBodies({ fleet, live, clock, boot: 'boot' });
  const parse = (body: { readonly bytes: Buffer }): MachineList => machineListSchema.parse(JSON.parse(body.bytes.toString()));
  return { clock, fleet, live, lists, parse };
}

describe('ListBodies', () => {
  it('holds what the fleet lists, as the contract says', async () => {
    const { fleet, lists, parse } = await openLists();
    expect(parse(lists.ofServer('a').body)).toEqual(fleet.machineList(toServerId('a')));
    expect(parse(lists.ofAll().body).vms).toEqual(fleet.machines());
  });

  it('is the same body until something changes', async () => {
    const { lists, clock } = await openLists();
    const before = lists.ofServer('a').body;
    await clock.advance(5_000);
    expect(lists.ofServer('a').body).toBe(before);
  });

  it('tells a changed, an added and a removed machine, each under a new ETag', async () => {
    const { fleet, lists, parse } = await openLists();
    const etags = [lists.ofServer('a').body.etag];
    fleet.changeMachine(makeMachine({ server_id: 'a', moid: '2', name: 'renamed' }));
    etags.push(lists.ofServer('a').body.etag);
    fleet.changeMachine(makeMachine({ server_id: 'a', moid: '9', name: 'new' }));
    etags.push(lists.ofServer('a').body.etag);
    fleet.removeMachine({ serverId: toServerId('a'), moid: toMoid('1') });
    etags.push(lists.ofServer('a').body.etag);
    expect(parse(lists.ofServer('a').body).vms.map((machine) => machine.name)).toEqual(['renamed', 'a-vm-3', 'new']);
    expect(new Set(etags).size).toBe(4);
  });

  it('keeps the body of one server when another one changes', async () => {
    const { fleet, lists } = await openLists();
    const before = lists.ofServer('a').body;
    fleet.changeMachine(makeMachine({ server_id: 'b', moid: '1', name: 'renamed' }));
    expect(lists.ofServer('a').body).toBe(before);
  });

  it('carries the hash of a new screen', async () => {
    const { fleet, lists, parse } = await openLists();
    const ref = { serverId: toServerId('a'), moid: toMoid('1') };
    fleet.changeScreen(ref, { bytes: new Uint8Array([1]), mediaType: 'image/webp', hash: 'abc', ageMs: 0, isStale: false });
    expect(parse(lists.ofServer('a').body).vms[0]?.screen_hash).toBe('abc');
  });

  it('lets the age pass in whole seconds without a new ETag', async () => {
    const { fleet, lists, parse, clock } = await openLists();
    const before = lists.ofServer('a');
    fleet.listFacts.set('a', { cached: true, cache_age: 7.9, stale: false, error: null });
    await clock.advance(1_000);
    const after = lists.ofServer('a');
    expect(after.cacheAgeS).toBe(7);
    expect(parse(after.body).cache_age).toBe(7);
    expect(after.body.etag).toBe(before.body.etag);
  });

  it('has a new ETag when the list becomes stale', async () => {
    const { fleet, lists, parse } = await openLists();
    const before = lists.ofServer('a').body.etag;
    fleet.listFacts.set('a', { cached: true, cache_age: 90, stale: true, error: 'It does not answer.' });
    fleet.changeServer(makeServer({ id: 'a', state: 'unreachable' }));
    const { body } = lists.ofServer('a');
    expect(body.etag).not.toBe(before);
    expect(parse(body)).toMatchObject({ stale: true, error: 'It does not answer.' });
    expect(parse(lists.ofAll().body)).toMatchObject({ stale: true, cache_age: 90, error: 'a: It does not answer.' });
  });

  it('forgets the machines of a removed server', async () => {
    const { fleet, lists, parse } = await openLists();
    await fleet.removeServer(toServerId('a'));
    expect(parse(lists.ofAll().body).vms).toHaveLength(2);
    expect(() => lists.ofServer('a')).toThrow('No such server');
  });

  it('knows machines that were restored before the first event', async () => {
    const clock = new ManualClock();
    const fleet = new FakeFleet(clock);
    const live = new LiveFleet(fleet);
    live.close();
    fleet.seed({ id: 'a' }, { machineCount: 2 });
    expect(live.fragments.collect('a')).toHaveLength(0);
    await live.load();
    expect(live.fragments.collect('a')).toHaveLength(2);
  });
});
