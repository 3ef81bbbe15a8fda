import { createHmac } from 'node:crypto';
import type { Clock } from '@breakwater/kernel';
import type { StoredScreen } from './fleet.ts';
import type { CondensedScreen, EncodedScreen } from './ports/screen-encoder.ts';

/** The smaller form of a picture: none, or what it would be made from, or made. */
export type SmallForm =
  | { readonly kind: 'none' }
  | { readonly kind: 'possible'; readonly pixels: Uint8Array }
  | { readonly kind: 'made'; readonly screen: CondensedScreen };

const NO_SMALL_FORM: SmallForm = { kind: 'none' };

interface Entry {
  readonly encoded: Pick<EncodedScreen, 'bytes' | 'mediaType'>;
  small: SmallForm;
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

  smallForm(hash: string): SmallForm {
    return this.#entries.get(hash)?.small ?? NO_SMALL_FORM;
  }

  /** Takes the smaller form, or that there is none. One that is not smaller is none; the pixels are not needed any more. */
  settleSmallForm(hash: string, screen: CondensedScreen | null): CondensedScreen | null {
    const entry = this.#entries.get(hash);
    const isSmaller = screen !== null && (entry === undefined || screen.bytes.byteLength < entry.encoded.bytes.byteLength);
    if (entry !== undefined) this.#setSmall(entry, isSmaller ? { kind: 'made', screen } : NO_SMALL_FORM);
    return isSmaller ? screen : null;
  }

  #setSmall(entry: Entry, small: SmallForm): void {
    this.#bytes += countSmall(small) - countSmall(entry.small);
    entry.small = small;
  }

  #add(hash: string, { bytes, mediaType, pixels }: EncodedScreen): Entry {
    const entry: Entry = { encoded: { bytes, mediaType }, small: NO_SMALL_FORM, confirmedAt: 0, holders: new Set() };
    this.#entries.set(hash, entry);
    this.#bytes += bytes.byteLength;
    if (pixels !== null) this.#setSmall(entry, { kind: 'possible', pixels });
    return entry;
  }

  /**
   * Pixels, which only make a picture smaller, go first. Replaced pictures go before newest ones. The longest unused first, always;
   * `keep` stays whatever its size.
   */
  #shrink(keep: string): void {
    for (const [hash, entry] of this.#entries) {
      if (this.#bytes <= this.#options.maxBytes) return;
      if (hash !== keep && entry.small.kind === 'possible') this.#setSmall(entry, NO_SMALL_FORM);
    }
    if (this.#bytes <= this.#options.maxBytes) return;
    const order = [...this.#entries].sort(([, left], [, right]) => Number(left.holders.size > 0) - Number(right.holders.size > 0));
    for (const [hash, entry] of order) {
      if (this.#bytes <= this.#options.maxBytes) return;
      if (hash === keep) continue;
      this.#entries.delete(hash);
      this.#bytes -= entry.encoded.bytes.byteLength + countSmall(entry.small);
      for (const key of entry.holders) {
        this.#hashOf.delete(key);
        this.#options.onEvicted(key);
      }
    }
  }
}

function countSmall(small: SmallForm): number {
  if (small.kind === 'none') return 0;
  return small.kind === 'possible' ? small.pixels.byteLength : small.screen.bytes.byteLength;
}
