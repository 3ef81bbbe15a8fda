import type { PowerState } from '@breakwater/contract';
import { SORT_KEYS, type SortKey } from '../machines/sort.ts';

/** What the address of the machines page says. */
export interface MachinesSearch {
  readonly q: string;
  readonly state: readonly PowerState[];
  readonly server: string;
  readonly sort: SortKey;
}

const STATES: readonly PowerState[] = ['poweredOn', 'poweredOff', 'suspended', 'unknown'];

/** Addresses are typed by people and cut by chat programs: what makes no sense is left out. */
export function parseMachinesSearch(raw: Record<string, unknown>): MachinesSearch {
  const { q, state, server, sort } = raw as Partial<Record<keyof MachinesSearch, unknown>>;
  const states = typeof state === 'string' ? state.split(',') : [];
  return {
    q: typeof q === 'string' || typeof q === 'number' ? String(q).slice(0, 500) : '',
    state: STATES.filter((known) => states.includes(known) || (Array.isArray(state) && state.includes(known))),
    server: typeof server === 'string' ? server : '',
    sort: SORT_KEYS.find((key) => key === sort) ?? 'name',
  };
}
