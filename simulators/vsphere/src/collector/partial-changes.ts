import type { ApiVersion, Field } from '@breakwater/vsphere/schema';
import { encodeProperty } from '../soap/encode-value.ts';
import { fieldsOf, isDataType } from '../soap/schema-lookup.ts';

export interface PropertyChange {
  readonly path: string;
  /** Written value; undefined where the property became unset. */
  readonly text: string | undefined;
}

/** Written values of a property and of everything below it, by path. An array counts as one value. */
export function writeBranches(
  at: { readonly path: string; readonly field: Field },
  use: { readonly value: unknown; readonly version: ApiVersion },
): Map<string, string> {
  const branches = new Map<string, string>();
  const visit = (path: string, field: Field, value: unknown): void => {
    const text = encodeProperty(field, value, use.version);
    if (text === '') return;
    branches.set(path, text);
    if (field.array === true || !isDataType(field.type)) return;
    const record = value as Readonly<Record<string, unknown>> & { readonly $type?: string };
    for (const inner of fieldsOf(record.$type ?? field.type)) visit(`${path}.${inner.name}`, inner, record[inner.name]);
  };
  visit(at.path, at.field, use.value);
  return branches;
}

/** What differs, told as deep down as possible: a field of a struct instead of the struct, if the struct was there before. */
export function narrowChanges(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): PropertyChange[] {
  const changes: PropertyChange[] = [];
  const told = new Set<string>();
  const isTold = (path: string): boolean => {
    for (let at = path.lastIndexOf('.'); at > 0; at = path.lastIndexOf('.', at - 1)) if (told.has(path.slice(0, at))) return true;
    return false;
  };
  const tell = (change: PropertyChange): void => {
    told.add(change.path);
    changes.push(change);
  };
  for (const [path, text] of after) {
    if (before.get(path) === text || isTold(path)) continue;
    const isNarrower = before.has(path) && (hasBranches(path, before) || hasBranches(path, after));
    if (!isNarrower) tell({ path, text });
  }
  for (const path of before.keys()) if (!after.has(path) && !isTold(path)) tell({ path, text: undefined });
  return changes;
}

function hasBranches(path: string, branches: ReadonlyMap<string, string>): boolean {
  for (const other of branches.keys()) if (other.startsWith(`${path}.`)) return true;
  return false;
}
