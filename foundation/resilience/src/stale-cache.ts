import { type Clock, onAbort, systemClock } from '@breakwater/kernel';
import { type EventListener, tell } from './events.ts';
import { invalidSpec } from './invalid-spec.ts';
import { ResilienceError } from './resilience-error.ts';

export interface StaleCacheOptions<T> {
  /** Whom the entries come from; for errors and events. */
  readonly key: string;
  /** Up to this age a value is served without asking. */
  readonly freshMs: number;
  /** Up to this further age a value is served while a new one is fetched, and for as long as fetching fails. */
  readonly staleMs: number;
  /** The entry that was not asked for longest goes first. */
  readonly maxEntries: number;
  /** False for a value that must not replace a good one (empty, cut off, not a picture). Default: accepts all. */
  readonly accept?: (value: T) => boolean;
  readonly clock?: Clock;
  readonly onEvent?: EventListener | undefined;
}

/** `live`: fetched for this call. `fresh`: from memory and good. `stale`: from memory and old; `error` says why, once a refresh has failed. */
export type Cached<T> =
  | { readonly kind: 'live'; readonly value: T; readonly ageMs: number }
  | { readonly kind: 'fresh'; readonly value: T; readonly ageMs: number }
  | { readonly kind: 'stale'; readonly value: T; readonly ageMs: number; readonly error: unknown };

export interface LoadContext {
  /** Aborts when nobody waits for the value any more. A refresh in the background has no one waiting and is never aborted. */
  readonly signal: AbortSignal;
  /** Nobody waits: fetch with low priority. */
  readonly isBackground: boolean;
}

export interface CacheFigures {
  readonly entries: number;
  readonly fresh: number;
  readonly stale: number;
  readonly misses: number;
  /** Loads that were refused by `accept`. */
  readonly refused: number;
  readonly failedLoads: number;
  readonly evicted: number;
  /** Share of the answers that came from memory, 0 to 1; 0 before the first. */
  readonly hitRate: number;
}

export interface StaleCache<T> {
  /**
   * Fresh: at once. Stale: at once, and one refresh in the background. Otherwise waits for `load`; everybody who asks meanwhile
   * waits for the same one, and gets its error when it fails. `RESILIENCE_VALUE_REFUSED` for a value that `accept` refuses.
   */
  get(
    entry: string,
    load: (context: LoadContext) => Promise<T>,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<Cached<T>>;
  /** What is in memory, however old; never loads and counts nothing. */
  peek(entry: string): { readonly value: T; readonly ageMs: number; readonly isStale: boolean } | null;
  /** Puts a value that came by another way. False when `accept` refuses it. */
  put(entry: string, value: T): boolean;
  /** The next `get` refreshes it, in the background as long as the value is within its stale time. */
  invalidate(entry: string): void;
  delete(entry: string): void;
  figures(): CacheFigures;
}

/** Throws `RESILIENCE_SPEC_INVALID`. */
export function createStaleCache<T>(options: StaleCacheOptions<T>): StaleCache<T> {
  if (!(options.freshMs >= 0 && options.staleMs >= 0)) throw invalidSpec('freshMs and staleMs of a cache must be 0 or more.');
  if (!(Number.isInteger(options.maxEntries) && options.maxEntries >= 1)) throw invalidSpec('maxEntries of a cache must be 1 or more.');
  return new MemoryStaleCache(options);
}

interface Entry<T> {
  readonly value: T;
  readonly storedAtMs: number;
  /** From then on a refresh is due. */
  freshUntilMs: number;
  /** Of the last refresh; null after a good one. */
  error: unknown;
}

interface Flight<T> {
  readonly result: Promise<T>;
  readonly controller: AbortController;
  readonly isBackground: boolean;
  waiting: number;
}

class MemoryStaleCache<T> implements StaleCache<T> {
  readonly #options: StaleCacheOptions<T>;
  readonly #clock: Clock;
  /** In the order of last use, oldest first. */
  readonly #entries = new Map<string, Entry<T>>();
  readonly #flights = new Map<string, Flight<T>>();
  #fresh = 0;
  #stale = 0;
  #misses = 0;
  #refused = 0;
  #failedLoads = 0;
  #evicted = 0;

  constructor(options: StaleCacheOptions<T>) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  async get(
    name: string,
    load: (context: LoadContext) => Promise<T>,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Cached<T>> {
    options.signal?.throwIfAborted();
    const entry = this.#touch(name);
    if (entry !== undefined) {
      const ageMs = this.#clock.now() - entry.storedAtMs;
      if (this.#clock.now() < entry.freshUntilMs) {
        this.#fresh++;
        return { kind: 'fresh', value: entry.value, ageMs };
      }
      if (ageMs < this.#options.freshMs + this.#options.staleMs) {
        this.#stale++;
        this.#refresh(name, load);
        if (entry.error !== null) this.#tellStale(name, { ageMs, error: entry.error });
        return { kind: 'stale', value: entry.value, ageMs, error: entry.error };
      }
    }
    this.#misses++;
    const value = await this.#join(name, load, options.signal);
    return { kind: 'live', value, ageMs: 0 };
  }

  peek(name: string): { readonly value: T; readonly ageMs: number; readonly isStale: boolean } | null {
    const entry = this.#entries.get(name);
    if (entry === undefined) return null;
    const nowMs = this.#clock.now();
    return { value: entry.value, ageMs: nowMs - entry.storedAtMs, isStale: nowMs >= entry.freshUntilMs };
  }

  put(name: string, value: T): boolean {
    if (this.#options.accept?.(value) === false) {
      this.#refused++;
      return false;
    }
    this.#outdate(name);
    this.#store(name, value);
    return true;
  }

  invalidate(name: string): void {
    this.#outdate(name);
    const entry = this.#entries.get(name);
    if (entry !== undefined) entry.freshUntilMs = Math.min(entry.freshUntilMs, this.#clock.now());
  }

  delete(name: string): void {
    this.#outdate(name);
    this.#entries.delete(name);
  }

  figures(): CacheFigures {
    const served = this.#fresh + this.#stale;
    const asked = served + this.#misses;
    return {
      entries: this.#entries.size,
      fresh: this.#fresh,
      stale: this.#stale,
      misses: this.#misses,
      refused: this.#refused,
      failedLoads: this.#failedLoads,
      evicted: this.#evicted,
      hitRate: asked === 0 ? 0 : served / asked,
    };
  }

  #touch(name: string): Entry<T> | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    return entry;
  }

  #store(name: string, value: T): void {
    const nowMs = this.#clock.now();
    this.#entries.delete(name);
    this.#entries.set(name, { value, storedAtMs: nowMs, freshUntilMs: nowMs + this.#options.freshMs, error: null });
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#options.maxEntries) break;
      this.#entries.delete(oldest);
      this.#evicted++;
    }
  }

  /** A load that is under way saw the world before this moment: who waits for it may have it, but it is not kept. */
  #outdate(name: string): void {
    this.#flights.delete(name);
  }

  #refresh(name: string, load: (context: LoadContext) => Promise<T>): void {
    if (this.#flights.has(name)) return;
    const flight = this.#launch(name, { load, isBackground: true });
    flight.result.catch((error: unknown) => {
      const entry = this.#entries.get(name);
      if (entry !== undefined) entry.error = error;
    });
  }

  async #join(name: string, load: (context: LoadContext) => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const flight = this.#flights.get(name) ?? this.#launch(name, { load, isBackground: false });
    flight.waiting++;
    try {
      return await (signal === undefined ? flight.result : raceAbort(flight.result, signal));
    } finally {
      flight.waiting--;
      if (flight.waiting === 0 && !flight.isBackground && signal?.aborted === true) {
        this.#land(name, flight);
        flight.controller.abort(signal.reason);
      }
    }
  }

  #launch(name: string, how: { readonly load: (context: LoadContext) => Promise<T>; readonly isBackground: boolean }): Flight<T> {
    const controller = new AbortController();
    const flight: Flight<T> = { controller, isBackground: how.isBackground, waiting: 0, result: this.#load(name, how, controller.signal) };
    this.#flights.set(name, flight);
    const land = (): void => this.#land(name, flight);
    flight.result.then(land, land);
    return flight;
  }

  #land(name: string, flight: Flight<T>): void {
    if (this.#flights.get(name) === flight) this.#flights.delete(name);
  }

  async #load(
    name: string,
    how: { readonly load: (context: LoadContext) => Promise<T>; readonly isBackground: boolean },
    signal: AbortSignal,
  ): Promise<T> {
    // One turn later the flight is on record, so that its value can be kept.
    await Promise.resolve();
    let value: T;
    try {
      value = await how.load({ signal, isBackground: how.isBackground });
    } catch (error) {
      this.#failedLoads++;
      throw error;
    }
    if (this.#options.accept?.(value) === false) {
      this.#refused++;
      throw new ResilienceError({
        code: 'RESILIENCE_VALUE_REFUSED',
        message: `The value loaded for ${name} of ${this.#options.key} is not acceptable.`,
        key: this.#options.key,
        details: { entry: name },
      });
    }
    if (this.#flights.get(name)?.controller.signal === signal) this.#store(name, value);
    return value;
  }

  #tellStale(name: string, stale: { readonly ageMs: number; readonly error: unknown }): void {
    const { onEvent, key } = this.#options;
    if (onEvent === undefined) return;
    tell(onEvent, { kind: 'cache.served-stale', atWallMs: this.#clock.wall(), key, entry: name, ageMs: stale.ageMs, error: stale.error });
  }
}

/** The result, or the signal's reason as soon as it aborts. */
function raceAbort<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const release = onAbort(signal, reject);
    result.then(resolve, reject).finally(release);
  });
}
