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

const NONE: DurationFigures = { count: 0, sumMs: 0, atMost: DURATION_BOUNDS_MS.map(() => 0) };

/** Counts durations for those who compute rates of their own. Quantiles for people are in `LatencyHistogram`, which is finer. */
export class DurationHistogram {
  /** By first bound that is not exceeded, the last one beyond all bounds. Made with the first duration: most servers are idle. */
  #counts: number[] | null = null;
  #sumMs = 0;

  add(durationMs: number): void {
    this.#counts ??= Array.from({ length: DURATION_BOUNDS_MS.length + 1 }, () => 0);
    let index = 0;
    while (index < DURATION_BOUNDS_MS.length && durationMs > (DURATION_BOUNDS_MS[index] as number)) index++;
    this.#counts[index] = (this.#counts[index] as number) + 1;
    this.#sumMs += durationMs;
  }

  figures(): DurationFigures {
    if (this.#counts === null) return NONE;
    let count = 0;
    const running = this.#counts.map((own) => (count += own));
    return { count, sumMs: this.#sumMs, atMost: running.slice(0, -1) };
  }
}
