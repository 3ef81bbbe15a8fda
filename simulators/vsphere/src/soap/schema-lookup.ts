import {
  API_VERSIONS,
  type ApiVersion,
  DATA_TYPES,
  type DataType,
  ENUM_TYPES,
  type Field,
  MANAGED_TYPES,
  type ManagedType,
} from '@breakwater/vsphere/schema';

const dataTypes: Readonly<Record<string, DataType>> = DATA_TYPES;
const managedTypes: Readonly<Record<string, ManagedType>> = MANAGED_TYPES;
const enumTypes: Readonly<Record<string, readonly string[]>> = ENUM_TYPES;

const hasOwn = (table: object, name: string): boolean => Object.hasOwn(table, name);

export const isDataType = (name: string): boolean => hasOwn(dataTypes, name);
export const isManagedType = (name: string): boolean => hasOwn(managedTypes, name);
export const enumValues = (name: string): readonly string[] | undefined => (hasOwn(enumTypes, name) ? enumTypes[name] : undefined);

/** All fields of a data type, those of its bases first, as the wire wants them. */
const FIELDS: ReadonlyMap<string, readonly Field[]> = new Map(Object.keys(dataTypes).map((name) => [name, collectFields(name)]));
const PROPERTIES: ReadonlyMap<string, readonly Field[]> = new Map(Object.keys(managedTypes).map((name) => [name, collectProperties(name)]));
const VERSION_RANK: ReadonlyMap<string, number> = new Map(API_VERSIONS.map((version, index) => [version, index]));

export const fieldsOf = (typeName: string): readonly Field[] => FIELDS.get(typeName) ?? [];
export const propertiesOf = (typeName: string): readonly Field[] => PROPERTIES.get(typeName) ?? [];

export function isKnownAt(field: { readonly since?: ApiVersion }, version: ApiVersion): boolean {
  return field.since === undefined || rankOf(version) >= rankOf(field.since);
}

export function isDataSubtype(name: string, base: string): boolean {
  for (let at: string | undefined = name; at !== undefined; at = dataTypes[at]?.extends) if (at === base) return true;
  return false;
}

export function isManagedSubtype(name: string, base: string): boolean {
  for (let at: string | undefined = name; at !== undefined; at = managedTypes[at]?.extends) if (at === base) return true;
  return false;
}

/** The declared type behind a property path such as `summary.quickStats`; undefined when this version has no such path. */
export function findPath(typeName: string, use: { readonly path: string; readonly version: ApiVersion }): Field | undefined {
  const [first = '', ...rest] = use.path.split('.');
  let field = propertiesOf(typeName).find((candidate) => candidate.name === first);
  for (const segment of rest) {
    if (field === undefined || field.array === true || !isKnownAt(field, use.version)) return undefined;
    field = fieldsOf(field.type).find((candidate) => candidate.name === segment);
  }
  return field !== undefined && isKnownAt(field, use.version) ? field : undefined;
}

function collectFields(name: string): readonly Field[] {
  const type = dataTypes[name];
  if (type === undefined) return [];
  return type.extends === undefined ? type.fields : [...collectFields(type.extends), ...type.fields];
}

function collectProperties(name: string): readonly Field[] {
  const type = managedTypes[name];
  if (type === undefined) return [];
  return type.extends === undefined ? type.properties : [...collectProperties(type.extends), ...type.properties];
}

const rankOf = (version: string): number => VERSION_RANK.get(version) ?? -1;
