import type { ApiVersion, Moref, Value } from '@breakwater/vsphere/schema';
import type { Permissions } from '../model/permissions.ts';
import { keyOf, type SimObject, type World } from '../model/world.ts';
import { PropertyPlan } from './property-plan.ts';
import { type FindObject, isStructural, requireObject, selectObjects } from './select-objects.ts';

interface Snapshot {
  readonly ref: Moref;
  readonly values: ReadonlyMap<string, string>;
  readonly denied: readonly string[];
  /** Revision of the object when its values were read. */
  revision: number;
}

export interface ObjectChange {
  readonly kind: 'enter' | 'modify' | 'leave';
  readonly ref: Moref;
  /** Written value by path; undefined where the property became unset. */
  readonly changes: readonly { readonly path: string; readonly text: string | undefined }[];
  /** Paths that the account may not read. */
  readonly denied: readonly string[];
}

/** What one filter has told its client, and what has changed since. */
export class PropertyFilter {
  readonly ref: Moref;
  readonly #plan: PropertyPlan;
  readonly #objectSet: readonly Value<'ObjectSpec'>[];
  readonly #find: FindObject;
  readonly #world: World;
  readonly #structural: boolean;
  /** As of the last version the client confirmed by asking for the next. */
  readonly #confirmed = new Map<string, Snapshot>();
  /** On top of that, what the last answer said; null for objects that left. */
  #offered = new Map<string, Snapshot | null>();
  #selection: { readonly structureRevision: number; readonly objects: readonly SimObject[] } | undefined;

  constructor(
    ref: Moref,
    options: {
      readonly spec: Value<'PropertyFilterSpec'>;
      readonly version: ApiVersion;
      readonly permissions: Permissions;
      readonly find: FindObject;
      readonly world: World;
    },
  ) {
    const { spec } = options;
    this.ref = ref;
    this.#plan = new PropertyPlan(spec.propSet ?? [], options);
    this.#objectSet = spec.objectSet ?? [];
    this.#find = options.find;
    this.#world = options.world;
    for (const entry of this.#objectSet) requireObject(options.find, entry.obj);
    this.#structural = isStructural(this.#objectSet);
  }

  /** Forgets everything that was told. */
  reset(): void {
    this.#confirmed.clear();
    this.#offered = new Map();
  }

  confirm(): void {
    for (const [key, snapshot] of this.#offered) {
      if (snapshot === null) this.#confirmed.delete(key);
      else this.#confirmed.set(key, snapshot);
    }
    this.#offered = new Map();
  }

  /** What changed since the confirmed state. Asking again without confirming tells it again. */
  diff(): ObjectChange[] {
    this.#offered = new Map();
    const changes: ObjectChange[] = [];
    const objects = this.#select();
    const present = new Set<string>();
    for (const object of objects) {
      const key = keyOf(object.ref);
      present.add(key);
      const before = this.#confirmed.get(key);
      if (before !== undefined && before.revision >= object.revision) continue;
      const denied = this.#plan.listDenied(object);
      const after: Snapshot = { ref: object.ref, values: this.#plan.read(object), denied, revision: object.revision };
      const changed = before === undefined ? [...after.values].map(([path, text]) => ({ path, text })) : compare(before.values, after);
      const isSame = changed.length === 0 && before?.denied.join() === denied.join();
      if (before !== undefined && isSame) {
        before.revision = object.revision;
        continue;
      }
      this.#offered.set(key, after);
      changes.push({ kind: before === undefined ? 'enter' : 'modify', ref: object.ref, changes: changed, denied });
    }
    for (const [key, snapshot] of this.#confirmed) {
      if (present.has(key)) continue;
      this.#offered.set(key, null);
      changes.push({ kind: 'leave', ref: snapshot.ref, changes: [], denied: [] });
    }
    return changes;
  }

  #select(): readonly SimObject[] {
    const { structureRevision } = this.#world;
    if (!this.#structural || this.#selection?.structureRevision !== structureRevision) {
      const objects = selectObjects(this.#objectSet, this.#find).filter((object) => this.#plan.covers(object.ref.type));
      this.#selection = { structureRevision, objects };
    }
    return this.#selection.objects;
  }
}

function compare(before: ReadonlyMap<string, string>, { values: after, denied }: Snapshot): { path: string; text: string | undefined }[] {
  const changed: { path: string; text: string | undefined }[] = [];
  for (const [path, text] of after) if (before.get(path) !== text) changed.push({ path, text });
  for (const path of before.keys()) if (!after.has(path) && !denied.includes(path)) changed.push({ path, text: undefined });
  return changed;
}
