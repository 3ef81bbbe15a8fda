import { describe, expect, it } from 'vitest';
import {
  API_VERSIONS,
  DATA_TYPES,
  type DataType,
  ENUM_TYPES,
  type Field,
  MANAGED_TYPES,
  type ManagedType,
  METHODS,
  type Method,
} from './index.ts';

const PRIMITIVES = new Set([
  'string',
  'int',
  'long',
  'short',
  'byte',
  'double',
  'float',
  'boolean',
  'dateTime',
  'base64Binary',
  'anyType',
  'anyURI',
  'ManagedObjectReference',
]);
const dataTypes: Readonly<Record<string, DataType>> = DATA_TYPES;
const methods: Readonly<Record<string, Method>> = METHODS;
const managedTypes: Readonly<Record<string, ManagedType>> = MANAGED_TYPES;

const isKnown = (type: string): boolean => PRIMITIVES.has(type) || type in dataTypes || type in ENUM_TYPES;

function unknownIn(owner: string, fields: readonly Field[]): string[] {
  return fields.filter((field) => !isKnown(field.type)).map((field) => `${owner}.${field.name}: ${field.type}`);
}

function namesOf(typeName: string): string[] {
  const type = dataTypes[typeName];
  if (type === undefined) return [];
  return [...(type.extends === undefined ? [] : namesOf(type.extends)), ...type.fields.map((field) => field.name)];
}

describe('schema', () => {
  it('names only types that it defines', () => {
    const unknown = [
      ...Object.entries(dataTypes).flatMap(([name, type]) => unknownIn(name, type.fields)),
      ...Object.entries(methods).flatMap(([name, method]) => unknownIn(name, method.params)),
      ...Object.entries(managedTypes).flatMap(([name, type]) => unknownIn(name, type.properties)),
      ...Object.entries(methods).flatMap(([name, { returns }]) => (returns === undefined || isKnown(returns.type) ? [] : [name])),
    ];
    expect(unknown).toEqual([]);
  });

  it('extends only types that it defines, without a circle', () => {
    for (const [name, type] of Object.entries(dataTypes)) {
      const seen = new Set([name]);
      for (let base = type.extends; base !== undefined; base = dataTypes[base]?.extends) {
        expect(dataTypes, `${name} extends ${base}`).toHaveProperty(base);
        expect(seen.has(base), `${name} extends itself`).toBe(false);
        seen.add(base);
      }
    }
  });

  it('gives no type the same field twice', () => {
    for (const name of Object.keys(dataTypes)) {
      const names = namesOf(name);
      expect({ name, fields: new Set(names).size }).toEqual({ name, fields: names.length });
    }
  });

  it('calls only objects that it defines', () => {
    for (const [name, method] of Object.entries(methods)) {
      for (const on of method.on) expect(managedTypes, `${name} on ${on}`).toHaveProperty(on);
    }
  });

  it('gates by versions that it lists', () => {
    const gated = Object.values(dataTypes).flatMap((type) => type.fields.flatMap((field) => field.since ?? []));
    expect(gated.length).toBeGreaterThan(3);
    for (const version of gated) expect(API_VERSIONS).toContain(version);
  });
});
