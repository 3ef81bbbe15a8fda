import { createHmac } from 'node:crypto';
import type { Clock } from '@breakwater/kernel';
import type { StoredScreen } from './fleet.ts';
import type { EncodedScreen } from './ports/screen-encoder.ts';

interface Entry {
  readonly encoded: EncodedScreen;
  confirmedAt: number;
  /** Machine keys whose newest picture this is. */
  readonly holders: Set<string>;
}

export interface ScreenStoreOptions {
  /** A secret of this installation: without it nobody can tell from a hash which picture it stands for. */
  readonly key: Uint8Array;
  readonly ttlMs: number;
  readonly maxBytes: number;
  /** A machine's newest picture was given up to stay below `maxBytes`. */
  onEvicted(machineKey: string): void;
}

/** Encoded pictures by content address, bounded in bytes. A replaced picture stays for late readers while there is room. */
export class ScreenStore {
  readonly #clock: Clock;
  readonly #options: ScreenStoreOptions;
  /** In order of last use, oldest first. */
  readonly #entries = new Map<string, Entry>();
  readonly #hashOf = new Map<string, string>();
  #bytes = 0;
  #hits = 0;
  #misses = 0;

  constructor(clock: Clock, options: ScreenStoreOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  /** How many machines have a picture. */
  get count(): number {
    return this.#hashOf.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get hits(): number {
    return this.#hits;
  }

  get misses(): number {
    return this.#misses;
  }

  /** Keeps a machine's newest picture and returns its address. */
  put(machineKey: string, encoded: EncodedScreen): string {
    const hash = createHmac('sha256', this.#options.key).update(encoded.bytes).digest('hex').slice(0, 32);
    this.release(machineKey);
    const entry = this.#entries.get(hash) ?? this.#add(hash, encoded);
    entry.holders.add(machineKey);
    entry.confirmedAt = this.#clock.now();
    this.#hashOf.set(machineKey, hash);
    this.#shrink(hash);
    return hash;
  }

  /** The machine was looked at again and still shows its newest picture. */
  confirm(machineKey: string): void {
    const entry = this.#entries.get(this.#hashOf.get(machineKey) ?? '');
    if (entry !== undefined) entry.confirmedAt = this.#clock.now();
  }

  /** The machine no longer shows its picture; the bytes may be forgotten. False: it had none. */
  release(machineKey: string): boolean {
    const hash = this.#hashOf.get(machineKey);
    if (hash === undefined) return false;
    this.#hashOf.delete(machineKey);
    this.#entries.get(hash)?.holders.delete(machineKey);
    return true;
  }

  /** A machine whose newest picture this is; null when there is none any more. */
  holderOf(hash: string): string | null {
    const [first] = this.#entries.get(hash)?.holders ?? [];
    return first ?? null;
  }

  ofMachine(machineKey: string): StoredScreen | null {
    return this.byHash(this.#hashOf.get(machineKey) ?? '');
  }

  byHash(hash: string): StoredScreen | null {
    const entry = this.#entries.get(hash);
    if (entry === undefined) {
      this.#misses += 1;
      return null;
    }
    this.#hits += 1;
    this.#entries.delete(hash);
    this.#entries.set(hash, entry);
    const ageMs = this.#clock.now() - entry.confirmedAt;
    const { bytes, mediaType } = entry.encoded;
    return { bytes, mediaType, hash, ageMs, isStale: ageMs > this.#options.ttlMs };
  }

  #add(hash: string, encoded: EncodedScreen): Entry {
    const entry: Entry = { encoded, confirmedAt: 0, holders: new Set() };
    this.#entries.set(hash, entry);
    this.#bytes += encoded.bytes.byteLength;
    return entry;
  }

  /** Replaced pictures go before newest ones, the longest unused first; `keep` stays whatever its size. */
  #shrink(keep: string): void {
    if (this.#bytes <= this.#options.maxBytes) return;
    const order = [...this.#entries].sort(([, left], [, right]) => Number(left.holders.size > 0) - Number(right.holders.size > 0));
    for (const [hash, entry] of order) {
      if (this.#bytes <= this.#options.maxBytes) return;
      if (hash === keep) continue;
      this.#entries.delete(hash);
      this.#bytes -= entry.encoded.bytes.byteLength;
      for (const key of entry.holders) {
        this.#hashOf.delete(key);
        this.#options.onEvicted(key);
      }
    }
  }
}
