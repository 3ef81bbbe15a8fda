import type { Moref } from '@breakwater/vsphere/schema';

/** An object of the inventory whose properties can be read. */
export interface SimObject {
  readonly ref: Moref;
  readonly parent: Moref | undefined;
  /** Revision of the world at the last change of this object. */
  revision: number;
  read(property: string): unknown;
}

export const keyOf = (ref: Moref): string => `${ref.type}:${ref.value}`;

/** Everything a server knows, with a count of changes so that readers can ask "what since?". */
export class World {
  readonly #objects = new Map<string, SimObject>();
  readonly #listeners = new Set<() => void>();
  #revision = 0;
  #structureRevision = 0;

  /** Grows with every change. */
  get revision(): number {
    return this.#revision;
  }

  /** Grows when objects come or go. */
  get structureRevision(): number {
    return this.#structureRevision;
  }

  add(object: SimObject): void {
    this.#objects.set(keyOf(object.ref), object);
    this.#structureRevision++;
    this.touch(object);
  }

  remove(ref: Moref): void {
    if (!this.#objects.delete(keyOf(ref))) return;
    this.#structureRevision++;
    this.#announce();
  }

  find(ref: Moref): SimObject | undefined {
    return this.#objects.get(keyOf(ref));
  }

  all(): Iterable<SimObject> {
    return this.#objects.values();
  }

  touch(object: SimObject): void {
    object.revision = this.#revision + 1;
    this.#announce();
  }

  /** Hears of every change, at once. The result takes the listener back. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #announce(): void {
    this.#revision++;
    for (const listener of this.#listeners) listener();
  }
}
