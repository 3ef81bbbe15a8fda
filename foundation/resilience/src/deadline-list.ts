import type { Clock, TimerHandle } from '@breakwater/kernel';

/** Something that must end by a certain time. The fields belong to the list. */
export interface Expiring {
  /** The list it is in; null when it waits for nothing. */
  expiry: ExpiryHolder | null;
  expiresAtMs: number;
  earlier: Expiring | null;
  later: Expiring | null;
  onExpired(nowMs: number): void;
}

/** Where an `Expiring` is kept until it ends in time. */
export interface ExpiryHolder {
  remove(entry: Expiring): void;
}

/** Distinct durations that get a list of their own; the rest get a timer each, so that arbitrary durations cannot pile up lists. */
const MAX_LISTS = 64;

/**
 * Deadlines with one native timer per distinct duration instead of one per call: entries of the same duration expire in the
 * order in which they came, so a linked list is sorted by itself and adding and removing cost nothing. The timer is not taken
 * back when a list empties; it fires once, finds nothing, and is gone. No timer keeps the process alive.
 */
export class Deadlines {
  readonly #clock: Clock;
  /** Made with the first deadline, because an idle pipeline needs none. */
  #lists: Map<number, DeadlineList> | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** An infinite delay is none. */
  add(entry: Expiring, delayMs: number, nowMs: number): void {
    if (delayMs === Number.POSITIVE_INFINITY) return;
    this.#lists ??= new Map();
    const lists = this.#lists;
    let list = lists.get(delayMs);
    if (list === undefined) {
      if (lists.size >= MAX_LISTS) {
        this.addSingle(entry, delayMs, nowMs);
        return;
      }
      list = new DeadlineList(this.#clock, { delayMs, onEmpty: () => void lists.delete(delayMs) });
      lists.set(delayMs, list);
    }
    list.add(entry, nowMs);
  }

  /** With a timer of its own, for a duration that hardly ever comes again. */
  addSingle(entry: Expiring, delayMs: number, nowMs: number): void {
    new SingleDeadline(this.#clock, entry, { delayMs, nowMs });
  }
}

class DeadlineList implements ExpiryHolder {
  readonly #clock: Clock;
  readonly #delayMs: number;
  readonly #onEmpty: () => void;
  #first: Expiring | null = null;
  #last: Expiring | null = null;
  #isArmed = false;

  constructor(clock: Clock, options: { readonly delayMs: number; readonly onEmpty: () => void }) {
    this.#clock = clock;
    this.#delayMs = options.delayMs;
    this.#onEmpty = options.onEmpty;
  }

  add(entry: Expiring, nowMs: number): void {
    entry.expiry = this;
    entry.expiresAtMs = nowMs + this.#delayMs;
    entry.earlier = this.#last;
    entry.later = null;
    if (this.#last === null) this.#first = entry;
    else this.#last.later = entry;
    this.#last = entry;
    if (!this.#isArmed) this.#arm(this.#delayMs);
  }

  remove(entry: Expiring): void {
    if (entry.earlier === null) this.#first = entry.later;
    else entry.earlier.later = entry.later;
    if (entry.later === null) this.#last = entry.earlier;
    else entry.later.earlier = entry.earlier;
    entry.earlier = null;
    entry.later = null;
    entry.expiry = null;
  }

  #arm(delayMs: number): void {
    this.#isArmed = true;
    this.#clock.after(delayMs, () => this.#expire());
  }

  #expire(): void {
    this.#isArmed = false;
    const nowMs = this.#clock.now();
    for (let entry = this.#first; entry !== null && entry.expiresAtMs <= nowMs; entry = this.#first) {
      this.remove(entry);
      entry.onExpired(nowMs);
    }
    // An expired entry may have added others, and with them a timer.
    if (this.#isArmed) return;
    if (this.#first === null) this.#onEmpty();
    // Native timers count whole milliseconds and may fire a fraction early.
    else this.#arm(Math.max(1, Math.ceil(this.#first.expiresAtMs - nowMs)));
  }
}

class SingleDeadline implements ExpiryHolder {
  readonly #timer: TimerHandle;

  constructor(clock: Clock, entry: Expiring, duration: { readonly delayMs: number; readonly nowMs: number }) {
    entry.expiry = this;
    entry.expiresAtMs = duration.nowMs + duration.delayMs;
    this.#timer = clock.after(duration.delayMs, () => {
      entry.expiry = null;
      entry.onExpired(clock.now());
    });
  }

  remove(entry: Expiring): void {
    entry.expiry = null;
    this.#timer.cancel();
  }
}
