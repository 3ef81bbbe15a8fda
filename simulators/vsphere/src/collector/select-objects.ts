import type { Moref, Value } from '@breakwater/vsphere/schema';
import { keyOf, type SimObject } from '../model/world.ts';
import { isManagedSubtype } from '../soap/schema-lookup.ts';
import { invalidArgument, notFound } from '../soap/soap-fault.ts';

export type FindObject = (ref: Moref) => SimObject | undefined;

interface Traversal {
  readonly name?: string;
  readonly type: string;
  readonly path: string;
  readonly skip: boolean;
  readonly selectSet: readonly Selection[];
}

/** A traversal given in place, or the name of one given elsewhere. */
type Selection = Traversal | { readonly name: string; readonly reference: true };

/** The starting object must exist: a missing one fails the whole call. */
export function requireObject(find: FindObject, ref: Moref | undefined): SimObject {
  const object = ref === undefined ? undefined : find(ref);
  if (object === undefined) throw notFound(ref ?? { type: 'ManagedEntity', value: '' });
  return object;
}

/** Objects that a filter spec reaches, in the order of discovery, each once. Objects that vanished are passed over. */
export function selectObjects(objectSet: readonly Value<'ObjectSpec'>[], find: FindObject): SimObject[] {
  const found = new Map<string, SimObject>();
  for (const spec of objectSet) {
    const start = spec.obj === undefined ? undefined : find(spec.obj);
    if (start === undefined) continue;
    const selections = (spec.selectSet ?? []).map(toSelection);
    const named = new Map<string, Traversal>();
    collectNamed(selections, named);
    if (spec.skip !== true) found.set(keyOf(start.ref), start);
    const seen = new Set<string>();
    const visit = (object: SimObject, next: readonly Selection[]): void => {
      for (const selection of next) {
        const traversal = 'reference' in selection ? named.get(selection.name) : selection;
        if (traversal === undefined) throw invalidArgument('selectSet');
        if (!isManagedSubtype(object.ref.type, traversal.type)) continue;
        const mark = `${keyOf(object.ref)} ${traversal.type}.${traversal.path}`;
        if (seen.has(mark)) continue;
        seen.add(mark);
        for (const ref of readRefs(object, traversal.path)) {
          const target = find(ref);
          if (target === undefined) continue;
          if (!traversal.skip) found.set(keyOf(ref), target);
          visit(target, traversal.selectSet);
        }
      }
    };
    visit(start, selections);
  }
  return [...found.values()];
}

/** True when the selection can only change as objects come and go. */
export function isStructural(objectSet: readonly Value<'ObjectSpec'>[]): boolean {
  return objectSet.every((spec) =>
    (spec.selectSet ?? [])
      .map(toSelection)
      .every((selection) => !('reference' in selection) && selection.path === 'view' && selection.selectSet.length === 0),
  );
}

function toSelection(spec: Value<'SelectionSpec'>): Selection {
  if (spec.$type !== 'TraversalSpec') {
    if (spec.name === undefined) throw invalidArgument('selectSet');
    return { name: spec.name, reference: true };
  }
  const traversal = spec as Value<'TraversalSpec'>;
  return {
    ...(traversal.name === undefined ? {} : { name: traversal.name }),
    type: traversal.type ?? '',
    path: traversal.path ?? '',
    skip: traversal.skip === true,
    selectSet: (traversal.selectSet ?? []).map(toSelection),
  };
}

function collectNamed(selections: readonly Selection[], named: Map<string, Traversal>): void {
  for (const selection of selections) {
    if ('reference' in selection) continue;
    if (selection.name !== undefined) named.set(selection.name, selection);
    collectNamed(selection.selectSet, named);
  }
}

function readRefs(object: SimObject, path: string): readonly Moref[] {
  const [first = '', ...rest] = path.split('.');
  let value = object.read(first);
  for (const segment of rest) value = (value as Readonly<Record<string, unknown>> | undefined)?.[segment];
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly Moref[]) : [value as Moref];
}
