import { describe, expect, it } from 'vitest';
import { createFleetStore } from '../live/fleet-store.ts';
import { buildMachine, buildServer, buildSnapshot } from '../testing/build-fleet.ts';
import { parseMachineQuery } from './search.ts';
import { SORT_KEYS, sortMachines, toDiskPercent } from './sort.ts';
import { toMove } from './use-machine-actions.ts';
import { keepOrder, listMachines, type MachineFilters } from './use-machine-list.ts';

const collator = new Intl.Collator('en', { numeric: true });
const filters = (overrides: Partial<MachineFilters> = {}): MachineFilters => ({
  query: parseMachineQuery(''),
  states: [],
  serverId: null,
  sort: 'name',
  ...overrides,
});

function fill() {
  const store = createFleetStore();
  store.replace(
    buildSnapshot({
      servers: [buildServer(), buildServer({ id: 's2', name: 'a-host' })],
      machines: [
        buildMachine({ moid: '1', name: 'vm10', cpu_percent: 5 }),
        buildMachine({ moid: '2', name: 'vm2', cpu_percent: 50, power_state: 'poweredOff' }),
        buildMachine({ moid: '3', name: 'vm1', cpu_percent: null, server_id: 's2' }),
      ],
    }),
  );
  return store;
}

const keys = (listing: { readonly items: readonly { readonly key: string }[] }): string[] => listing.items.map((item) => item.key);

describe('the machine list', () => {
  it('sorts names as people count, and the busiest first, unknown last', () => {
    const store = fill();
    expect(keys(listMachines(store, { filters: filters(), collator }))).toEqual(['s2/3', 's1/2', 's1/1']);
    expect(keys(listMachines(store, { filters: filters({ sort: 'cpu' }), collator }))).toEqual(['s1/2', 's1/1', 's2/3']);
    expect(keys(listMachines(store, { filters: filters({ sort: 'server' }), collator }))).toEqual(['s2/3', 's1/2', 's1/1']);
  });

  it('filters by state, server and search together', () => {
    const store = fill();
    expect(keys(listMachines(store, { filters: filters({ states: ['poweredOff'] }), collator }))).toEqual(['s1/2']);
    expect(keys(listMachines(store, { filters: filters({ serverId: 's2' }), collator }))).toEqual(['s2/3']);
    const found = listMachines(store, { filters: filters({ query: parseMachineQuery('vm1'), serverId: 's1' }), collator });
    expect([keys(found), found.total]).toEqual([['s1/1'], 3]);
  });

  it('keeps its order while it must not move, drops what is gone and appends what is new', () => {
    const item = (key: string) => ({ key, serverId: 's1' });
    const old = { items: [item('a'), item('b'), item('c')], total: 3, isOutdated: false };
    const fresh = { items: [item('c'), item('d'), item('a')], total: 3, isOutdated: false };
    expect(keepOrder(old, fresh)).toEqual({ items: [item('a'), item('c'), item('d')], total: 3, isOutdated: true });
    expect(keepOrder(old, old).isOutdated).toBe(false);
  });

  it('puts equal machines into one stable order for every key', () => {
    const machines = [buildMachine({ moid: 'b', name: 'x' }), buildMachine({ moid: 'a', name: 'x' })];
    for (const key of SORT_KEYS) {
      expect(sortMachines(machines, { key, collator, serverName: () => '' }).map((machine) => machine.moid)).toEqual(['a', 'b']);
    }
  });

  it('knows no share of a disk without size', () => {
    expect(toDiskPercent(buildMachine({ disk_used_bytes: 5, disk_total_bytes: 0 }))).toBeNull();
    expect(toDiskPercent(buildMachine({ disk_used_bytes: 5, disk_total_bytes: 10 }))).toBe(50);
  });
});

describe('moving by keys', () => {
  const move = (key: string, index: number, ctrlKey = false): number | null =>
    toMove({ key, ctrlKey }, { index, columns: 4, count: 10, page: 2 });

  it('goes in two dimensions and stays inside', () => {
    expect(move('ArrowRight', 9)).toBe(9);
    expect(move('ArrowLeft', 0)).toBe(0);
    expect(move('ArrowDown', 1)).toBe(5);
    expect(move('ArrowDown', 7)).toBe(9);
    expect(move('ArrowDown', 9)).toBe(9);
    expect(move('ArrowUp', 5)).toBe(1);
    expect(move('ArrowUp', 2)).toBe(2);
  });

  it('knows row ends, pages and both ends of the list', () => {
    expect(move('Home', 6)).toBe(4);
    expect(move('End', 8)).toBe(9);
    expect(move('Home', 6, true)).toBe(0);
    expect(move('End', 0, true)).toBe(9);
    expect(move('PageDown', 1)).toBe(9);
    expect(move('PageUp', 9)).toBe(1);
    expect(move('x', 1)).toBeNull();
  });
});
