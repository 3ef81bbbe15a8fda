import { API_VERSIONS, type ApiVersion, DATA_TYPES, type DataType, type Field, MANAGED_TYPES, type ManagedType } from '../schema/index.ts';

/** What to read of which type. */
export interface PropertySet {
  readonly type: keyof typeof MANAGED_TYPES;
  readonly paths: readonly string[];
}

const managedTypes: Readonly<Record<string, ManagedType>> = MANAGED_TYPES;
const dataTypes: Readonly<Record<string, DataType>> = DATA_TYPES;

/** Leaves out what the server's version does not know: one unknown path fails the whole read. */
export function selectKnownPaths(sets: readonly PropertySet[], version: ApiVersion): readonly PropertySet[] {
  return sets.map(({ type, paths }) => ({ type, paths: paths.filter((path) => isKnownPath(type, { path, version })) }));
}

function isKnownPath(type: string, { path, version }: { readonly path: string; readonly version: ApiVersion }): boolean {
  let fields = managedFields(type);
  for (const step of path.split('.')) {
    const field = fields.find((each) => each.name === step);
    if (field === undefined) return false;
    if (field.since !== undefined && API_VERSIONS.indexOf(version) < API_VERSIONS.indexOf(field.since)) return false;
    fields = dataFields(field.type);
  }
  return true;
}

function managedFields(name: string): readonly Field[] {
  const type = managedTypes[name];
  if (type === undefined) return [];
  return [...(type.extends === undefined ? [] : managedFields(type.extends)), ...type.properties];
}

function dataFields(name: string): readonly Field[] {
  const type = dataTypes[name];
  if (type === undefined) return [];
  return [...(type.extends === undefined ? [] : dataFields(type.extends)), ...type.fields];
}
