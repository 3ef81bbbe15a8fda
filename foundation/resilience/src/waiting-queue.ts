import { PRIORITIES } from '@breakwater/kernel';

/** One who waits. `ahead` and `behind` belong to the queue. */
export interface Waiter {
  /** 0 critical, 1 high, 2 normal, 3 low. */
  readonly level: number;
  /** Since when it waits; a repeated attempt keeps its first time. */
  readonly waitingSinceMs: number;
  ahead: Waiter | null;
  behind: Waiter | null;
}

interface Line {
  first: Waiter | null;
  last: Waiter | null;
  length: number;
}

/** Aging ends here: what people do at this moment is never held up by something old. */
const HIGHEST_AGED_LEVEL = 1;

/**
 * Four lines, oldest first. Adding at the end, removing anywhere and finding the next one do not depend on how many wait.
 * A waiter rises one level for each `agingMs`; among equals the older goes first, so that no line is passed over for ever.
 */
export class WaitingQueue<T extends Waiter> {
  readonly #agingMs: number;
  readonly #lines: readonly Line[] = PRIORITIES.map(() => ({ first: null, last: null, length: 0 }));
  #size = 0;

  constructor(options: { readonly agingMs: number }) {
    this.#agingMs = options.agingMs;
  }

  get size(): number {
    return this.#size;
  }

  lengthOf(level: number): number {
    return this.#line(level).length;
  }

  add(waiter: T): void {
    const line = this.#line(waiter.level);
    // Usually the newest, so this looks at one entry; only a repeated attempt walks past those that came after its first one.
    let ahead = line.last;
    while (ahead !== null && ahead.waitingSinceMs > waiter.waitingSinceMs) ahead = ahead.ahead;
    const behind = ahead === null ? line.first : ahead.behind;
    waiter.ahead = ahead;
    waiter.behind = behind;
    if (ahead === null) line.first = waiter;
    else ahead.behind = waiter;
    if (behind === null) line.last = waiter;
    else behind.ahead = waiter;
    line.length++;
    this.#size++;
  }

  /** The waiter must be in the queue. */
  remove(waiter: T): void {
    const line = this.#line(waiter.level);
    if (waiter.ahead === null) line.first = waiter.behind;
    else waiter.ahead.behind = waiter.behind;
    if (waiter.behind === null) line.last = waiter.ahead;
    else waiter.behind.ahead = waiter.ahead;
    waiter.ahead = null;
    waiter.behind = null;
    line.length--;
    this.#size--;
  }

  /** Who goes next; stays in the queue. `mayStart` is asked about the first of each line and speaks for the whole line. */
  next(nowMs: number, mayStart: (first: T) => boolean): T | null {
    let best: Waiter | null = null;
    let bestLevel = Number.POSITIVE_INFINITY;
    for (const { first } of this.#lines) {
      if (first === null || !mayStart(first as T)) continue;
      const level = this.#agedLevel(first, nowMs);
      if (best === null || level < bestLevel || (level === bestLevel && first.waitingSinceMs < best.waitingSinceMs)) {
        best = first;
        bestLevel = level;
      }
    }
    return best as T | null;
  }

  /** The newest of the least urgent, if it is less urgent than `level`: whom to turn away in favour of somebody at that level. */
  lessUrgentThan(level: number): T | null {
    for (let candidate = this.#lines.length - 1; candidate > level; candidate--) {
      const { last } = this.#line(candidate);
      if (last !== null) return last as T;
    }
    return null;
  }

  /** Most urgent first, as they were when the call began; the queue may change meanwhile. */
  toArray(): readonly T[] {
    const all: T[] = [];
    for (const line of this.#lines) {
      for (let waiter = line.first; waiter !== null; waiter = waiter.behind) all.push(waiter as T);
    }
    return all;
  }

  #agedLevel(waiter: Waiter, nowMs: number): number {
    if (waiter.level <= HIGHEST_AGED_LEVEL) return waiter.level;
    return Math.max(HIGHEST_AGED_LEVEL, waiter.level - Math.floor((nowMs - waiter.waitingSinceMs) / this.#agingMs));
  }

  #line(level: number): Line {
    const line = this.#lines[level];
    if (line === undefined) throw new RangeError(`There is no priority level ${level}.`);
    return line;
  }
}
