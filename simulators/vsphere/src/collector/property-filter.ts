import type { ApiVersion, Moref, Value } from '@breakwater/vsphere/schema';
import type { Permissions } from '../model/permissions.ts';
import { keyOf, type SimObject, type World } from '../model/world.ts';
import { narrowChanges, type PropertyChange } from './partial-changes.ts';
import { PropertyPlan } from './property-plan.ts';
import { type FindObject, isStructural, requireObject, selectObjects } from './select-objects.ts';

interface Snapshot {
  readonly ref: Moref;
  readonly values: ReadonlyMap<string, string>;
  readonly denied: readonly string[];
  /** Values below the paths as well, if changes are told that deep. */
  readonly branches: ReadonlyMap<string, string> | undefined;
  /** Revision of the object when its values were read. */
  revision: number;
}

export interface ObjectChange {
  readonly kind: 'enter' | 'modify' | 'leave';
  readonly ref: Moref;
  readonly changes: readonly PropertyChange[];
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
  readonly #depth: 'whole' | 'partial';
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
      /** Changes of fields instead of whole properties (`partialUpdates`). */
      readonly depth: 'whole' | 'partial';
      readonly permissions: Permissions;
      readonly find: FindObject;
      readonly world: World;
    },
  ) {
    const { spec } = options;
    this.ref = ref;
    this.#plan = new PropertyPlan(spec.propSet ?? [], options);
    this.#objectSet = spec.objectSet ?? [];
    this.#depth = options.depth;
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
      const branches = this.#depth === 'partial' ? this.#plan.readBranches(object) : undefined;
      const after: Snapshot = { ref: object.ref, values: this.#plan.read(object), denied, branches, revision: object.revision };
      const changed = before === undefined ? [...after.values].map(([path, text]) => ({ path, text })) : compare(before, after);
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

function compare(before: Snapshot, after: Snapshot): readonly PropertyChange[] {
  const changed =
    before.branches === undefined || after.branches === undefined
      ? compareWhole(before.values, after.values)
      : narrowChanges(before.branches, after.branches);
  // What may no longer be read is told as missing, not as unset.
  return changed.filter(
    ({ path, text }) => text !== undefined || !after.denied.some((denied) => path === denied || path.startsWith(`${denied}.`)),
  );
}

function compareWhole(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): PropertyChange[] {
  const changed: PropertyChange[] = [];
  for (const [path, text] of after) if (before.get(path) !== text) changed.push({ path, text });
  for (const path of before.keys()) if (!after.has(path)) changed.push({ path, text: undefined });
  return changed;
}
