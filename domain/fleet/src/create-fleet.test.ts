import { machineSchema, serverSchema } from '@breakwater/contract';
import { sleep, toMoid, toServerId } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { createFigures, EMPTY_GAUGES } from './testing/fake-links.ts';
import { createFacts, createFleetBed, createRecord, ESXI, loaded, startWith } from './testing/fleet-bed.ts';

const A = toServerId('a');
const B = toServerId('b');

describe('following servers', () => {
  it('shows a server as connecting until its machines are known, then as live', async () => {
    const { fleet, link, settle, events } = createFleetBed({ records: [createRecord('a')] });
    await fleet.start();
    expect(fleet.server(A)).toMatchObject({ state: 'connecting', data_at: null, vm_count: 0, has_password: true });
    link('a').emit(loaded([createFacts('1'), createFacts('2', { powerState: 'poweredOff' })]));
    await settle();
    const server = fleet.server(A);
    expect(serverSchema.parse(server)).toMatchObject({
      state: 'live',
      vm_count: 2,
      vm_on_count: 1,
      product: ESXI.fullName,
      api_type: 'HostAgent',
    });
    expect(events.filter(({ kind }) => kind === 'machine.changed')).toHaveLength(2);
    expect(events).toContainEqual({ kind: 'server.changed', server });
  });

  it('lets one server that never answers delay nothing of another', async () => {
    const { fleet, link, settle } = createFleetBed({ records: [createRecord('a'), createRecord('b')] });
    await fleet.start();
    const dead = link('a');
    dead.gauges = () => new Promise(() => undefined);
    dead.capture = () => new Promise(() => undefined);
    dead.isHanging = true;
    dead.emit(loaded([createFacts('1')]));
    link('b').emit(loaded([createFacts('1')]));
    await settle();
    link('b').emit({ kind: 'changed', upserted: [createFacts('1', { name: 'renamed' })], removed: [] });
    await settle();
    expect(fleet.machine({ serverId: B, moid: toMoid('1') }).name).toBe('renamed');
    expect(fleet.machines()).toHaveLength(2);
    await fleet.updateServer(A, { paused: true });
    expect(fleet.server(A).state).toBe('paused');
  });

  it('keeps the machines of a lost server on the page, stale, with their age and the next attempt', async () => {
    const { fleet, clock, link, settle, id } = await startWith([createFacts('1')]);
    await clock.advance(10_000);
    link(id).emit({
      kind: 'lost',
      trouble: { kind: 'unreachable', code: 'TRANSPORT_RESET', message: 'Connection reset.' },
      retryInMs: 5_000,
    });
    await settle();
    const list = fleet.machineList(id);
    expect(list).toMatchObject({ stale: true, error: 'Connection reset.', cached: true });
    expect(list.cache_age).toBeCloseTo(10, 0);
    expect(list.vms).toHaveLength(1);
    expect(fleet.server(id)).toMatchObject({ state: 'unreachable', problem_code: 'TRANSPORT_RESET', problem: 'Connection reset.' });
    expect(fleet.server(id).retry_at).not.toBeNull();
    link(id).emit(loaded([createFacts('1')]));
    await settle();
    expect(fleet.server(id)).toMatchObject({ state: 'live', problem_code: null, retry_at: null });
    expect(fleet.machineList(id).stale).toBe(false);
  });

  it('follows again by itself after news that broke off by a defect', async () => {
    const { fleet, clock, link, settle, id } = await startWith([createFacts('1')]);
    link(id).emit(new Error('boom'));
    await settle();
    expect(fleet.server(id)).toMatchObject({ state: 'unreachable', problem_code: 'FLEET_NEWS_FAILED' });
    await clock.advance(5_000);
    link(id).emit({ kind: 'confirmed' });
    await settle();
    expect(link(id).calls.filter((call) => call === 'follow')).toHaveLength(2);
    expect(fleet.server(id).state).toBe('live');
  });

  it('becomes stale, and asks for everything, when a connected server confirms nothing in time', async () => {
    const { fleet, clock, link, id } = await startWith([createFacts('1')], { options: { vmListTtlMs: 45_000 } });
    await clock.advance(44_000);
    expect(fleet.server(id).state).toBe('live');
    expect(link(id).calls).not.toContain('invalidate');
    await clock.advance(16_100);
    expect(fleet.server(id)).toMatchObject({ state: 'stale', problem_code: 'FLEET_DATA_STALE' });
    expect(fleet.machineList(id).stale).toBe(true);
    expect(link(id).calls).toContain('invalidate');
  });

  it('tells listeners when the pace or the breaker of a server changes', async () => {
    const { fleet, clock, link, events, id } = await startWith([createFacts('1')]);
    link(id).current = createFigures({ delayMs: 3_200 });
    await clock.advance(1_000);
    expect(events.at(-1)).toMatchObject({ kind: 'server.changed', server: { state: 'slow', delay_ms: 3_200 } });
    link(id).current = createFigures({ breaker: { ...createFigures().breaker, state: 'open', time_until_retry: 30 } });
    await clock.advance(1_000);
    expect(events.at(-1)).toMatchObject({ kind: 'server.changed', server: { state: 'unreachable', problem_code: 'FLEET_BREAKER_OPEN' } });
    await fleet.protection.reset(id, { actor: 'ann' });
    expect(link(id).calls).toContain('resetBreaker');
  });

  it('tells mere ages only now and then', async () => {
    const { clock, link, events, id } = await startWith([createFacts('1')]);
    await clock.advance(10_000);
    events.length = 0;
    for (let second = 0; second < 20; second++) {
      link(id).emit({ kind: 'confirmed' });
      await clock.advance(1_000);
    }
    const told = events.filter(({ kind }) => kind === 'server.changed').length;
    expect(told).toBeGreaterThanOrEqual(3);
    expect(told).toBeLessThanOrEqual(5);
  });

  it('goes on when a listener throws', async () => {
    const bed = createFleetBed({ records: [createRecord('a')] });
    bed.fleet.subscribe(() => {
      throw new Error('defect');
    });
    const names: string[] = [];
    bed.fleet.subscribe((event) => void names.push(event.kind));
    await bed.fleet.start();
    bed.link('a').emit(loaded([createFacts('1')]));
    await bed.settle();
    expect(names).toContain('machine.changed');
  });
});

describe('machines', () => {
  it('keeps machine objects and the list identical while nothing changes', async () => {
    const { fleet, link, settle, events, id } = await startWith([createFacts('1'), createFacts('2')]);
    const [first, second] = fleet.machines();
    const list = fleet.machines();
    events.length = 0;
    link(id).emit(loaded([createFacts('1'), createFacts('2')]), { kind: 'confirmed' });
    await settle();
    expect(fleet.machines()).toBe(list);
    link(id).emit({ kind: 'changed', upserted: [createFacts('2', { guestIp: '10.0.0.9' })], removed: [] });
    await settle();
    expect(fleet.machines()[0]).toBe(first);
    expect(fleet.machines()[1]).not.toBe(second);
    expect(events.filter(({ kind }) => kind === 'machine.changed')).toHaveLength(1);
  });

  it('makes one event of many changes of one machine, and none of a machine that went at once', async () => {
    const many = Array.from({ length: 3_000 }, (_, index) => createFacts(String(index)));
    const { link, settle, events, id } = await startWith(many);
    expect(events.filter(({ kind }) => kind === 'machine.changed')).toHaveLength(3_000);
    events.length = 0;
    const rename = (name: string) => ({ kind: 'changed' as const, upserted: many.map((facts) => ({ ...facts, name })), removed: [] });
    link(id).emit(rename('first'), rename('second'), { kind: 'changed', upserted: [], removed: [toMoid('7')] });
    await settle();
    const changed = events.filter((event) => event.kind === 'machine.changed');
    expect(changed).toHaveLength(2_999);
    expect(changed.every(({ machine }) => machine.name === 'second')).toBe(true);
    expect(events).toContainEqual({ kind: 'machine.removed', ref: { serverId: id, moid: '7' } });
  });

  it('passes hostile names on untouched', async () => {
    const name = `<script>alert(1)</script>\n%2f'"${'x'.repeat(10_000)}`;
    const { fleet, id } = await startWith([createFacts('vim/with slash@x', { name })]);
    expect(fleet.machine({ serverId: id, moid: toMoid('vim/with slash@x') }).name).toBe(name);
  });

  it('pass the contract whatever time a server claims', async () => {
    const { fleet, id } = await startWith([
      createFacts('1', { bootTime: '2026-01-02T03:04:05.123456+02:00' }),
      createFacts('2', { bootTime: 'yesterday' }),
      createFacts('3', { bootTime: '2026-99-99T03:04:05Z' }),
    ]);
    const machines = fleet.machineList(id).vms.map((machine) => machineSchema.parse(machine));
    expect(machines.map(({ boot_time: at }) => at)).toEqual(['2026-01-02T01:04:05.123Z', null, null]);
  });

  it('refuses unknown servers and machines by code', async () => {
    const { fleet, id } = await startWith([]);
    expect(() => fleet.machine({ serverId: id, moid: toMoid('9') })).toThrow(expect.objectContaining({ code: 'FLEET_MACHINE_UNKNOWN' }));
    expect(() => fleet.server(toServerId('zzz'))).toThrow(expect.objectContaining({ code: 'FLEET_SERVER_UNKNOWN' }));
    expect(() => fleet.machineList(toServerId('zzz'))).toThrow(expect.objectContaining({ code: 'FLEET_SERVER_UNKNOWN' }));
  });
});

describe('last known inventory', () => {
  it('is shown at once after a restart, with its age, and again after the wall clock jumped back', async () => {
    const before = await startWith([createFacts('1')]);
    await before.fleet.stop();
    expect(before.inventory.saved.size).toBe(1);
    await before.clock.advance(240_000);
    const { fleet, id, link, settle, clock } = { ...createFleetBed({ from: before }), id: before.id };
    await fleet.start();
    expect(fleet.machines()).toHaveLength(1);
    expect(fleet.machineList(id)).toMatchObject({ stale: true });
    expect(fleet.machineList(id).cache_age).toBeCloseTo(240, 0);
    expect(fleet.server(id)).toMatchObject({ state: 'connecting', vm_count: 1 });
    expect(fleet.server(id).data_at).not.toBeNull();
    clock.jumpWall(-3_600_000);
    expect(fleet.machineList(id).cache_age).toBe(0);
    link(id).emit(loaded([createFacts('2')]));
    await settle();
    expect(fleet.machines().map(({ moid }) => moid)).toEqual(['2']);
  });

  it('is saved now and then, not with every change, and a full disk is survived', async () => {
    const { clock, link, inventory, fleet, id } = await startWith([createFacts('1')]);
    await clock.advance(1_000);
    expect(inventory.saves).toBe(1);
    const renames = Array.from({ length: 25 }, (_, index) => createFacts('1', { name: String(index) }));
    for (const facts of renames) {
      link(id).emit({ kind: 'changed', upserted: [facts], removed: [] });
      await clock.advance(1_000);
    }
    expect(inventory.saves).toBe(1);
    inventory.failure = new Error('ENOSPC');
    await clock.advance(5_000);
    expect(inventory.saves).toBe(1);
    expect(fleet.machines()[0]?.name).toBe('24');
    inventory.failure = null;
    await clock.advance(30_000);
    expect(inventory.saves).toBe(2);
    expect(inventory.saved.get(id)?.machines[0]?.name).toBe('24');
  });

  it('that cannot be read does not stop the start', async () => {
    const { fleet, inventory, link, settle } = createFleetBed({ records: [createRecord('a')] });
    inventory.failure = new Error('corrupt');
    await fleet.start();
    link('a').emit(loaded([createFacts('1')]));
    await settle();
    expect(fleet.machines()).toHaveLength(1);
  });
});

describe('gauges', () => {
  const figures = (cpuPercent: number) => ({
    ...EMPTY_GAUGES,
    cpu: { usageMhz: 500, totalMhz: 2_000, cores: 4 },
    memory: { usedBytes: 30, totalBytes: 40 },
    datastores: [{ name: 'ds', type: 'VMFS', capacityBytes: 100, freeBytes: 25, accessible: true }],
    machines: [{ moid: toMoid('1'), cpuPercent, memoryPercent: 10 }],
  });

  it('are read every cycle while somebody is there and every few minutes while nobody is', async () => {
    const { fleet, clock, link, id } = await startWith([createFacts('1')]);
    expect(link(id).gaugeReads).toBe(1);
    const confirm = async (times: number) => {
      for (let turn = 0; turn < times; turn++) {
        await clock.advance(30_000);
        link(id).emit({ kind: 'confirmed' });
      }
    };
    await confirm(9);
    expect(link(id).gaugeReads).toBe(1);
    await confirm(2);
    expect(link(id).gaugeReads).toBe(2);
    fleet.setVisible('viewer', []);
    await clock.advance(0);
    expect(link(id).gaugeReads).toBe(3);
    await confirm(4);
    expect(link(id).gaugeReads).toBe(7);
    fleet.dropViewer('viewer');
    await confirm(4);
    expect(link(id).gaugeReads).toBe(7);
  });

  it('show on server and machines, and small moves change nothing', async () => {
    const { fleet, clock, link, settle, events, id } = await startWith([createFacts('1')]);
    fleet.setVisible('viewer', []);
    link(id).gauges = async () => figures(40);
    await clock.advance(30_000);
    await settle();
    const machine = fleet.machine({ serverId: id, moid: toMoid('1') });
    expect(machine).toMatchObject({ cpu_percent: 40, memory_percent: 10 });
    expect(fleet.server(id)).toMatchObject({ cpu_percent: 25, memory_percent: 75 });
    expect(fleet.stats(id)).toMatchObject({ datastores: [{ capacity: 100, free: 25, used: 75 }], memory: { percent: 75 }, error: null });
    events.length = 0;
    link(id).gauges = async () => figures(41);
    await clock.advance(30_000);
    await settle();
    expect(fleet.machine({ serverId: id, moid: toMoid('1') })).toBe(machine);
    expect(events.filter(({ kind }) => kind === 'machine.changed')).toHaveLength(0);
    link(id).gauges = async () => figures(60);
    await clock.advance(30_000);
    expect(fleet.machine({ serverId: id, moid: toMoid('1') }).cpu_percent).toBe(60);
  });

  it('are read every cycle even when reading takes a while', async () => {
    const { fleet, clock, link, id } = await startWith([createFacts('1')]);
    link(id).gauges = async () => {
      await sleep(clock, 2_000);
      return figures(1);
    };
    fleet.setVisible('viewer', []);
    const before = link(id).gaugeReads;
    await clock.advance(320_000);
    expect(link(id).gaugeReads - before).toBe(10);
  });

  it('that fail leave the last ones with their age and the reason', async () => {
    const { fleet, clock, link, id } = await startWith([createFacts('1')]);
    expect(fleet.stats(id)).not.toBeNull();
    link(id).gauges = async () => {
      throw new Error('busy');
    };
    fleet.setVisible('viewer', []);
    await clock.advance(61_000);
    expect(fleet.stats(id)).toMatchObject({ error: 'busy' });
    expect(fleet.stats(id)?.cache_age).toBeGreaterThan(30);
  });
});

describe('figures', () => {
  it('sum queues and pools, show the worst breaker, and leave out servers that are not talked to', async () => {
    const { fleet, link, clock } = createFleetBed({
      records: [createRecord('a'), createRecord('b'), createRecord('c', { enabled: false })],
    });
    await fleet.start();
    link('a').emit(loaded([createFacts('1')]));
    link('b').current = createFigures({ breaker: { ...createFigures().breaker, state: 'half_open', failure_count: 5 } });
    await clock.advance(2_000);
    const stats = fleet.queueStats();
    expect(Object.keys(stats.servers)).toEqual(['a', 'b']);
    expect(stats.queue.max_concurrent).toBe(8);
    expect(stats.queue.min_interval).toBe(0.15);
    expect(stats.pool.pool_size).toBe(10);
    expect(stats.circuit_breaker.state).toBe('half_open');
    expect(stats.background_refresh).toMatchObject({ running: true, refresh_interval: 30, cached_servers: 1 });
    expect(stats.background_refresh.cache_info['a']?.vm_count).toBe(1);
  });
});

describe('stopping', () => {
  it('closes every link and leaves no timer behind', async () => {
    const { fleet, clock, link, id } = await startWith([createFacts('1')]);
    await fleet.stop();
    await clock.advance(0);
    expect(link(id).calls).toContain('close');
    expect(clock.pendingCount).toBe(0);
  });
});
