import type { ApiVersion, Field, Value } from '@breakwater/vsphere/schema';
import type { Permissions } from '../model/permissions.ts';
import type { SimObject } from '../model/world.ts';
import { encodeProperty } from '../soap/encode-value.ts';
import { findPath, isManagedSubtype, isManagedType, propertiesOf } from '../soap/schema-lookup.ts';
import { invalidProperty, SoapFault } from '../soap/soap-fault.ts';
import { writeBranches } from './partial-changes.ts';

interface PlannedPath {
  readonly path: string;
  readonly first: string;
  readonly rest: readonly string[];
  readonly field: Field;
}

/** Which paths to read of which type; checked as a whole before anything is read. */
export class PropertyPlan {
  readonly #version: ApiVersion;
  readonly #permissions: Pick<Permissions, 'isDenied'>;
  readonly #entries: readonly { readonly type: string; readonly paths: readonly PlannedPath[] }[];
  readonly #byType = new Map<string, readonly PlannedPath[] | undefined>();

  constructor(
    propSet: readonly Value<'PropertySpec'>[],
    options: { readonly version: ApiVersion; readonly permissions: Pick<Permissions, 'isDenied'> },
  ) {
    this.#version = options.version;
    this.#permissions = options.permissions;
    this.#entries = propSet.map((spec) => ({ type: spec.type ?? '', paths: planPaths(spec, options.version) }));
  }

  /** True when objects of this type are wanted at all. */
  covers(type: string): boolean {
    return this.#pathsFor(type) !== undefined;
  }

  /** Paths that were asked for and that the account may not read. */
  listDenied(object: SimObject): string[] {
    const paths = this.#pathsFor(object.ref.type) ?? [];
    return paths.filter(({ path }) => this.#permissions.isDenied(object.ref, path)).map(({ path }) => path);
  }

  /** Written values by path; absent when unset or not to be read. */
  read(object: SimObject): Map<string, string> {
    const values = new Map<string, string>();
    const tops = new Map<string, unknown>();
    for (const { path, first, rest, field } of this.#pathsFor(object.ref.type) ?? []) {
      if (this.#permissions.isDenied(object.ref, path)) continue;
      if (!tops.has(first)) tops.set(first, object.read(first));
      let value = tops.get(first);
      for (const segment of rest) value = (value as Readonly<Record<string, unknown>> | undefined)?.[segment];
      const text = encodeProperty(field, value, this.#version);
      if (text !== '') values.set(path, text);
    }
    return values;
  }

  /** The same with everything below each path, for filters that tell changes field by field. */
  readBranches(object: SimObject): Map<string, string> {
    const values = new Map<string, string>();
    for (const planned of this.#pathsFor(object.ref.type) ?? []) {
      if (this.#permissions.isDenied(object.ref, planned.path)) continue;
      let value = object.read(planned.first);
      for (const segment of planned.rest) value = (value as Readonly<Record<string, unknown>> | undefined)?.[segment];
      for (const [path, text] of writeBranches(planned, { value, version: this.#version })) values.set(path, text);
    }
    return values;
  }

  #pathsFor(type: string): readonly PlannedPath[] | undefined {
    if (!this.#byType.has(type)) {
      const matching = this.#entries.filter((entry) => isManagedSubtype(type, entry.type));
      const paths = new Map(matching.flatMap((entry) => entry.paths.map((planned): [string, PlannedPath] => [planned.path, planned])));
      this.#byType.set(type, matching.length === 0 ? undefined : [...paths.values()]);
    }
    return this.#byType.get(type);
  }
}

function planPaths(spec: Value<'PropertySpec'>, version: ApiVersion): PlannedPath[] {
  const type = spec.type ?? '';
  if (!isManagedType(type))
    throw new SoapFault('InvalidType', { text: `Type ${type} is not known to this server.`, fields: { argument: type } });
  const wanted = spec.all === true ? propertiesOf(type).map((field) => field.name) : (spec.pathSet ?? []);
  return wanted.map((path) => {
    const field = findPath(type, { path, version });
    if (field === undefined) throw invalidProperty(path);
    const [first = '', ...rest] = path.split('.');
    return { path, first, rest, field };
  });
}
