import { PRIORITIES } from '@breakwater/kernel';
import { FairLine, type Place } from './fair-line.ts';

/** One who waits. */
export interface Waiter {
  /** 0 critical, 1 high, 2 normal, 3 low. */
  readonly level: number;
  /** Since when it waits; a repeated attempt keeps its first time. */
  readonly waitingSinceMs: number;
  /** On whose behalf it waits: within a level, keys take turns. */
  readonly fairKey: string | undefined;
  /** Belongs to the queue. */
  place: Place | null;
}

/** Aging ends here: what people do at this moment is never held up by something old. */
const HIGHEST_AGED_LEVEL = 1;

/**
 * Four lines. Adding at the end, removing anywhere and finding the next one do not depend on how many wait. A line rises one level for
 * each `agingMs` that its oldest has waited; among equals the line with the older one goes first, so that no line is passed over for ever.
 */
export class WaitingQueue<T extends Waiter> {
  readonly #agingMs: number;
  /** Made with the first waiter: most servers of a large fleet never have one. */
  #lines: readonly FairLine[] | null = null;
  #size = 0;

  constructor(options: { readonly agingMs: number }) {
    this.#agingMs = options.agingMs;
  }

  get size(): number {
    return this.#size;
  }

  lengthOf(level: number): number {
    return this.#lines === null ? 0 : this.#line(level).length;
  }

  add(waiter: T): void {
    this.#line(waiter.level).add(waiter);
    this.#size++;
  }

  /** It has given up. The waiter must be in the queue. */
  remove(waiter: T): void {
    this.#line(waiter.level).remove(waiter, 'kept');
    this.#size--;
  }

  /** It starts, and with it its key has had its turn. The waiter must be in the queue. */
  take(waiter: T): void {
    this.#line(waiter.level).remove(waiter, 'taken');
    this.#size--;
  }

  /** Who goes next; stays in the queue. `mayStart` is asked about one of each line and speaks for the whole line. */
  next(nowMs: number, mayStart: (waiter: T) => boolean): T | null {
    let best: Waiter | null = null;
    let bestLevel = Number.POSITIVE_INFINITY;
    let bestSinceMs = Number.POSITIVE_INFINITY;
    for (const line of this.#lines ?? []) {
      const { next, oldest } = line;
      if (next === null || oldest === null || !mayStart(next as T)) continue;
      const level = this.#agedLevel(oldest, nowMs);
      if (best === null || level < bestLevel || (level === bestLevel && oldest.waitingSinceMs < bestSinceMs)) {
        best = next;
        bestLevel = level;
        bestSinceMs = oldest.waitingSinceMs;
      }
    }
    return best as T | null;
  }

  /**
   * Whom to turn away in favour of a newcomer: the newest of the least urgent if there is one less urgent, else the newest of the key that
   * has most waiters on the newcomer's level, if it would still have more of them than the newcomer's key. Null: the newcomer itself.
   */
  leastDeserving(newcomer: Pick<Waiter, 'level' | 'fairKey'>): T | null {
    for (let level = PRIORITIES.length - 1; level > newcomer.level; level--) {
      const waiter = this.#line(level).newestOfLongest;
      if (waiter !== null) return waiter as T;
    }
    const line = this.#line(newcomer.level);
    return line.longest > line.lengthOf(newcomer.fairKey) + 1 ? (line.newestOfLongest as T | null) : null;
  }

  /** Most urgent first, then oldest first, as they were when the call began; the queue may change meanwhile. */
  toArray(): readonly T[] {
    return (this.#lines ?? []).flatMap((line) => [...line]) as T[];
  }

  #agedLevel(waiter: Waiter, nowMs: number): number {
    if (waiter.level <= HIGHEST_AGED_LEVEL) return waiter.level;
    return Math.max(HIGHEST_AGED_LEVEL, waiter.level - Math.floor((nowMs - waiter.waitingSinceMs) / this.#agingMs));
  }

  #line(level: number): FairLine {
    this.#lines ??= PRIORITIES.map(() => new FairLine());
    const line = this.#lines[level];
    if (line === undefined) throw new RangeError(`There is no priority level ${level}.`);
    return line;
  }
}
