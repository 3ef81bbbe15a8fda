import type { Machine } from '@breakwater/contract';
import { useCallback, useEffect, useEffectEvent, useMemo, useState } from 'react';
import { useServices } from '../app/services.ts';
import { type FleetStore, toKey } from '../live/fleet-store.ts';
import { type MachineQuery, matchesQuery, readsFigures } from './search.ts';
import { isRestless, type SortKey, sortMachines } from './sort.ts';

export interface MachineFilters {
  readonly query: MachineQuery;
  readonly states: readonly Machine['power_state'][];
  readonly serverId: string | null;
  readonly sort: SortKey;
}

export interface MachineListing {
  readonly items: readonly { readonly key: string; readonly serverId: string }[];
  readonly total: number;
  /** The order on the page is no longer the true one, because it must not move under the pointer. */
  readonly isOutdated: boolean;
}

/** Order by load is renewed at most this often. */
const RESORT_EVERY_MS = 10_000;
/** News in one burst are taken together. */
const SETTLE_MS = 150;

/** Which machines are listed, in which order. `hold` is asked before an order that moves by itself is renewed. */
export function useMachineList(
  filters: MachineFilters,
  options: { readonly collator: Intl.Collator; readonly hold: () => boolean },
): { readonly listing: MachineListing; readonly applyOrder: () => void } {
  const { store, clock } = useServices();
  const { collator } = options;
  const hold = useEffectEvent(options.hold);
  const list = useCallback(() => listMachines(store, { filters, collator }), [store, filters, collator]);
  const first = useMemo(() => list(), [list]);
  // What came after the first look with these filters; void as soon as they change.
  const [later, setLater] = useState<{ readonly list: typeof list; readonly listing: MachineListing } | null>(null);
  const listing = later !== null && later.list === list ? later.listing : first;
  const applyOrder = useCallback(() => setLater({ list, listing: list() }), [list]);

  useEffect(() => {
    const restless = isRestless(filters.sort) || readsFigures(filters.query);
    const update = (): void =>
      setLater((old) => ({
        list,
        listing: restless ? keepOrder(old !== null && old.list === list ? old.listing : first, list()) : list(),
      }));
    let settle: ReturnType<typeof clock.after> | null = null;
    const soon = (): void => {
      settle ??= clock.after(SETTLE_MS, () => {
        settle = null;
        update();
      });
    };
    let resort: ReturnType<typeof clock.after> | null = null;
    const resortLater = (): void => {
      resort = clock.after(RESORT_EVERY_MS, () => {
        if (hold()) update();
        else applyOrder();
        resortLater();
      });
    };
    // Something may have changed between drawing and listening.
    soon();
    if (restless) resortLater();
    const forget = [store.subscribe('outline', soon), store.subscribe('servers', soon)];
    return () => {
      settle?.cancel();
      resort?.cancel();
      for (const stop of forget) stop();
    };
  }, [store, clock, filters, list, first, applyOrder]);

  return { listing, applyOrder };
}

export function listMachines(
  store: Pick<FleetStore, 'machines' | 'server'>,
  options: { readonly filters: MachineFilters; readonly collator: Intl.Collator },
): MachineListing {
  const { query, states, serverId, sort } = options.filters;
  const serverName = (id: string): string => store.server(id)?.name ?? '';
  const all = store.machines();
  const matching = all.filter(
    (machine) =>
      (serverId === null || machine.server_id === serverId) &&
      (states.length === 0 || states.includes(machine.power_state)) &&
      matchesQuery(machine, { query, serverName: serverName(machine.server_id) }),
  );
  const sorted = sortMachines(matching, { key: sort, collator: options.collator, serverName });
  return { items: sorted.map((machine) => ({ key: toKey(machine), serverId: machine.server_id })), total: all.length, isOutdated: false };
}

/** The machines of `fresh` in the order of `old`; newcomers at the end. */
export function keepOrder(old: MachineListing, fresh: MachineListing): MachineListing {
  const position = new Map(old.items.map((item, index) => [item.key, index]));
  const kept = fresh.items.toSorted(
    (left, right) => (position.get(left.key) ?? Number.MAX_SAFE_INTEGER) - (position.get(right.key) ?? Number.MAX_SAFE_INTEGER),
  );
  const isOutdated = kept.some((item, index) => item.key !== fresh.items[index]?.key);
  return { items: isOutdated ? kept : fresh.items, total: fresh.total, isOutdated };
}
