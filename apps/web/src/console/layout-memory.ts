import { LAYOUTS, type Layout } from './key-layouts.ts';

const KEY = 'breakwater.layouts';
/** Oldest choices are forgotten beyond this. */
const MACHINES_MAX = 200;

/** The guest's layout as last chosen for this machine. */
export function readLayout(machineKey: string): Layout {
  const stored = readAll(openStorage()).find(([key]) => key === machineKey)?.[1];
  return LAYOUTS.find((layout) => layout === stored) ?? 'us';
}

export function rememberLayout(machineKey: string, layout: Layout): void {
  const storage = openStorage();
  const others = readAll(storage).filter(([key]) => key !== machineKey);
  try {
    storage?.setItem(KEY, JSON.stringify([...others, [machineKey, layout]].slice(-MACHINES_MAX)));
  } catch (error) {
    console.warn('the layout is not kept', error);
  }
}

function readAll(storage: Pick<Storage, 'getItem'> | null): readonly (readonly [string, string])[] {
  try {
    const stored: unknown = JSON.parse(storage?.getItem(KEY) ?? '[]');
    return Array.isArray(stored) ? stored.filter((entry): entry is [string, string] => Array.isArray(entry) && entry.length === 2) : [];
  } catch {
    return [];
  }
}

function openStorage(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}
