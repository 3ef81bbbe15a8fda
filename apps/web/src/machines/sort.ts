import type { Machine } from '@breakwater/contract';

export const SORT_KEYS = ['name', 'server', 'state', 'cpu', 'memory', 'disk'] as const;
export type SortKey = (typeof SORT_KEYS)[number];

const STATE_RANK = { poweredOn: 0, suspended: 1, poweredOff: 2, unknown: 3 } as const;

/** Figures: the busiest first, unknown last. Names: `vm2` before `vm10`, in the order of the reader's language. */
export function sortMachines(
  machines: readonly Machine[],
  options: { readonly key: SortKey; readonly collator: Intl.Collator; readonly serverName: (id: string) => string },
): readonly Machine[] {
  const { key, collator, serverName } = options;
  const byName = (left: Machine, right: Machine): number =>
    collator.compare(left.name, right.name) || compareText(left.server_id, right.server_id) || compareText(left.moid, right.moid);
  const compare: Record<SortKey, (left: Machine, right: Machine) => number> = {
    name: () => 0,
    server: (left, right) => collator.compare(serverName(left.server_id), serverName(right.server_id)),
    state: (left, right) => STATE_RANK[left.power_state] - STATE_RANK[right.power_state],
    cpu: (left, right) => (right.cpu_percent ?? -1) - (left.cpu_percent ?? -1),
    memory: (left, right) => (right.memory_percent ?? -1) - (left.memory_percent ?? -1),
    disk: (left, right) => (toDiskPercent(right) ?? -1) - (toDiskPercent(left) ?? -1),
  };
  return machines.toSorted((left, right) => compare[key](left, right) || byName(left, right));
}

/** These orders change without anybody's doing. */
export const isRestless = (key: SortKey): boolean => key === 'cpu' || key === 'memory';

export function toDiskPercent(machine: Machine): number | null {
  const { disk_used_bytes: used, disk_total_bytes: total } = machine;
  return used === null || total === null || total <= 0 ? null : Math.min(100, (used / total) * 100);
}

const compareText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);
