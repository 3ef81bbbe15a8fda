import type { Clock } from '@breakwater/kernel';

export interface CachedValue<Value> {
  readonly value: Value;
  readonly readAt: number;
}

/**
 * Remembers who a secret belongs to, so that a request needs no database. Entries live seconds only: another process
 * (a command on the same data folder) may end a session, and that must soon be seen here.
 */
export class PrincipalCache<Value> {
  readonly #clock: Clock;
  readonly #maxAgeMs: number;
  readonly #maxEntries: number;
  readonly #entries = new Map<string, CachedValue<Value>>();
  #generation = 0;

  constructor(clock: Clock, limits: { readonly maxAgeMs: number; readonly maxEntries: number }) {
    this.#clock = clock;
    this.#maxAgeMs = limits.maxAgeMs;
    this.#maxEntries = limits.maxEntries;
  }

  get(digest: string): Value | undefined {
    const entry = this.#entries.get(digest);
    if (entry === undefined) return undefined;
    if (this.#clock.now() - entry.readAt < this.#maxAgeMs) return entry.value;
    this.#entries.delete(digest);
    return undefined;
  }

  /**
   * Reads through `load`. What was read before a `clear` is not kept: it may be what the clear was about.
   * Nothing unknown is remembered, so guesses cannot fill the cache.
   */
  async load(digest: string, load: () => Promise<Value | null>): Promise<Value | null> {
    const generation = this.#generation;
    const value = await load();
    if (value === null || generation !== this.#generation) return value;
    this.#entries.set(digest, { value, readAt: this.#clock.now() });
    if (this.#entries.size > this.#maxEntries) {
      const oldest = this.#entries.keys().next();
      if (oldest.done !== true) this.#entries.delete(oldest.value);
    }
    return value;
  }

  clear(): void {
    this.#generation++;
    this.#entries.clear();
  }
}
