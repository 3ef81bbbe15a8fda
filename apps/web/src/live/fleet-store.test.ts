import { snapshotSchema } from '@breakwater/contract';
import { describe, expect, it } from 'vitest';
import { buildMachine, buildOperation, buildServer, buildSnapshot } from '../testing/build-fleet.ts';
import { createFleetStore, type FleetStore, type Topic } from './fleet-store.ts';

function listen(store: FleetStore, ...topics: readonly Topic[]): Record<string, number> {
  const heard: Record<string, number> = {};
  for (const topic of topics) {
    heard[topic] = 0;
    store.subscribe(topic, () => {
      heard[topic] = (heard[topic] ?? 0) + 1;
    });
  }
  return heard;
}

describe('the fleet store', () => {
  it('is fed with what the contract allows', () => {
    expect(snapshotSchema.safeParse(buildSnapshot({ operations: [buildOperation()] })).success).toBe(true);
  });

  it('tells only those who look at the machine that changed', () => {
    const store = createFleetStore();
    store.replace(buildSnapshot({ machines: [buildMachine(), buildMachine({ moid: '2', name: 'web-02' })] }));
    const heard = listen(store, 'machine:s1/1', 'machine:s1/2', 'outline', 'figures', 'servers');
    store.apply('machine.changed', [buildMachine({ moid: '2', name: 'web-02', cpu_percent: 70 })]);
    expect(heard).toEqual({ 'machine:s1/1': 0, 'machine:s1/2': 1, outline: 0, figures: 1, servers: 0 });
    expect(store.machine('s1/2')?.cpu_percent).toBe(70);
  });

  it('tells the list when a name, a state or the number of machines changes', () => {
    const store = createFleetStore();
    store.replace(buildSnapshot());
    const heard = listen(store, 'outline');
    store.apply('machine.changed', [buildMachine({ power_state: 'poweredOff' })]);
    store.apply('machine.changed', [buildMachine({ moid: '9' })]);
    store.apply('machine.removed', [{ server_id: 's1', moid: '9' }]);
    expect(heard['outline']).toBe(3);
    expect(store.machines()).toHaveLength(1);
  });

  it('hands out the same list until it changes', () => {
    const store = createFleetStore();
    store.replace(buildSnapshot());
    expect(store.machines()).toBe(store.machines());
    expect(store.servers()).toBe(store.servers());
    expect(store.operations()).toBe(store.operations());
  });

  it('puts a new screen onto its machine and ignores one of an unknown machine', () => {
    const store = createFleetStore();
    store.replace(buildSnapshot());
    store.apply('screen.changed', [
      { server_id: 's1', moid: '1', hash: 'abc', at: '2026-01-01T00:00:00Z' },
      { server_id: 's1', moid: '404', hash: 'abc', at: null },
    ]);
    expect(store.machine('s1/1')?.screen_hash).toBe('abc');
    expect(store.machines()).toHaveLength(1);
  });

  it('forgets the machines of a server that is removed', () => {
    const store = createFleetStore();
    store.replace(
      buildSnapshot({ servers: [buildServer(), buildServer({ id: 's2' })], machines: [buildMachine(), buildMachine({ server_id: 's2' })] }),
    );
    store.apply('server.removed', [{ id: 's2' }]);
    expect(store.machines().map((machine) => machine.server_id)).toEqual(['s1']);
  });

  it('drops with a new snapshot what is no longer in it', () => {
    const store = createFleetStore();
    store.replace(buildSnapshot({ machines: [buildMachine(), buildMachine({ moid: '2' })] }));
    store.replace(buildSnapshot({ machines: [buildMachine({ moid: '2' })] }));
    expect(store.machines().map((machine) => machine.moid)).toEqual(['2']);
  });

  it('does not let late news undo the end of an operation', () => {
    const store = createFleetStore();
    store.putOperation(buildOperation({ state: 'succeeded', updated_at: '2026-01-01T10:00:05Z' }));
    store.apply('operation.progressed', [buildOperation({ state: 'running', updated_at: '2026-01-01T10:00:01Z' })]);
    expect(store.operations()[0]?.state).toBe('succeeded');
  });

  it('keeps the newest operations only', () => {
    const store = createFleetStore();
    const at = (second: number): string => new Date(Date.UTC(2026, 0, 1) + second * 1_000).toISOString();
    store.apply(
      'operation.progressed',
      Array.from({ length: 250 }, (_, index) => buildOperation({ id: `o${index}`, created_at: at(index) })),
    );
    expect(store.operations()).toHaveLength(200);
    expect(store.operations()[0]?.id).toBe('o249');
  });

  it('stops telling a listener that has left', () => {
    const store = createFleetStore();
    let calls = 0;
    const leave = store.subscribe('servers', () => {
      calls += 1;
    });
    leave();
    store.apply('server.changed', [buildServer()]);
    expect(calls).toBe(0);
  });
});
