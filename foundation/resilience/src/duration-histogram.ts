/**
 * Upper bounds in milliseconds, inclusive. They hold the limits that spec 01 looks at (0.1, 0.5 and 1 s on average in the queue, 30 s for a
 * request), so that an alarm can be set exactly there.
 */
export const DURATION_BOUNDS_MS: readonly number[] = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000];

/** Durations since the beginning. None of these numbers ever goes down. */
export interface DurationFigures {
  readonly count: number;
  readonly sumMs: number;
  /** How many were not longer than each of `DURATION_BOUNDS_MS`. */
  readonly atMost: readonly number[];
}

const SHORTEST_MS = DURATION_BOUNDS_MS[0] as number;

/** Counts durations for those who compute rates of their own. Quantiles for people are in `LatencyHistogram`, which is finer. */
export class DurationHistogram {
  /** Within the first bound: nearly all waits, and by far the cheapest to count. */
  #short = 0;
  /** The others by first bound that is not exceeded, the last one beyond all bounds. Made when it is needed: most servers are idle. */
  #counts: number[] | null = null;
  #sumMs = 0;

  add(durationMs: number): void {
    this.#sumMs += durationMs;
    if (durationMs <= SHORTEST_MS) this.#short++;
    else this.#addLong(durationMs);
  }

  figures(): DurationFigures {
    let count = this.#short;
    const atMost = DURATION_BOUNDS_MS.map((_, index) => (count += this.#counts?.[index] ?? 0));
    return { count: count + (this.#counts?.[DURATION_BOUNDS_MS.length] ?? 0), sumMs: this.#sumMs, atMost };
  }

  #addLong(durationMs: number): void {
    this.#counts ??= Array.from({ length: DURATION_BOUNDS_MS.length + 1 }, () => 0);
    let index = 1;
    while (index < DURATION_BOUNDS_MS.length && durationMs > (DURATION_BOUNDS_MS[index] as number)) index++;
    this.#counts[index] = (this.#counts[index] as number) + 1;
  }
}
