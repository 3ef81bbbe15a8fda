import { type DurationFigures, DurationHistogram } from './duration-histogram.ts';

/** Mean that forgets: the latest value weighs `SHARE`, older ones ever less. */
export interface RunningMean {
  readonly value: number;
  add(sample: number): void;
}

const SHARE = 0.05;

export function createRunningMean(): RunningMean {
  return new ExponentialMean();
}

class ExponentialMean implements RunningMean {
  #value = 0;
  #count = 0;

  get value(): number {
    return this.#value;
  }

  add(sample: number): void {
    // The first samples form a plain mean, so that a start at zero does not weigh on the figure.
    this.#count = Math.min(this.#count + 1, 1 / SHARE);
    this.#value += (sample - this.#value) / this.#count;
  }
}

/** Buckets per doubling; a quantile is exact to an eighth of its value. */
const STEPS = 4;
/** 2 ** 22 ms is more than an hour. */
const DOUBLINGS = 23;

/** Durations in buckets that widen with the value, so that a quantile costs a walk over 93 numbers and adding costs nearly nothing. */
export class LatencyHistogram {
  /** Made with the first duration: most servers of a large fleet are idle. */
  #counts: Uint32Array | null = null;
  #total = 0;

  get total(): number {
    return this.#total;
  }

  add(durationMs: number): void {
    this.#counts ??= emptyDurationCounts();
    const index = toBucket(durationMs);
    // `toBucket` names existing buckets only.
    this.#counts[index] = (this.#counts[index] as number) + 1;
    this.#total++;
  }

  /** Milliseconds below which that share of the durations lies; 0 when there are none. */
  quantileMs(share: number): number {
    return this.#counts === null ? 0 : findQuantile(this.#counts, { total: this.#total, share });
  }

  /** A copy, or null while there is none. */
  copyCounts(): Uint32Array | null {
    return this.#counts?.slice() ?? null;
  }
}

/** How many durations fell into each bucket since the start. What happened between two of them is their difference. */
export type DurationCounts = Readonly<Uint32Array>;

/** As the buckets of `DurationCounts` are cut: milliseconds below which that share of the durations lies, null when there are none. */
export function quantileOfMs(counts: DurationCounts, share: number): number | null {
  let total = 0;
  for (const count of counts) total += count;
  return total === 0 ? null : findQuantile(counts, { total, share });
}

export function emptyDurationCounts(): Uint32Array {
  return new Uint32Array(DOUBLINGS * STEPS + 1);
}

function findQuantile(counts: DurationCounts, options: { readonly total: number; readonly share: number }): number {
  const wanted = Math.ceil(options.total * options.share);
  let seen = 0;
  for (const [index, count] of counts.entries()) {
    seen += count;
    if (seen >= wanted && seen > 0) return toMiddleMs(index);
  }
  return 0;
}

/** Bucket 0 is everything below 1 ms. */
function toBucket(durationMs: number): number {
  const whole = Math.min(durationMs, 2 ** DOUBLINGS - 1) | 0;
  if (whole < 1) return 0;
  const doubling = 31 - Math.clz32(whole);
  const step = ((durationMs / 2 ** doubling - 1) * STEPS) | 0;
  return 1 + doubling * STEPS + Math.min(STEPS - 1, step);
}

function toMiddleMs(index: number): number {
  if (index === 0) return 0.5;
  const doubling = Math.floor((index - 1) / STEPS);
  const step = (index - 1) % STEPS;
  return 2 ** doubling * (1 + (step + 0.5) / STEPS);
}

/** Counts of calls and attempts, all since the start. */
export interface CallFigures {
  /** Calls, the rejected ones included. */
  readonly total: number;
  /** Attempts by what came of them. */
  readonly ok: number;
  readonly failed: number;
  readonly timeout: number;
  readonly throttled: number;
  readonly ignored: number;
  readonly canceled: number;
  /** Calls that ended without an attempt. */
  readonly rejected: number;
  /** Attempts after the first one. */
  readonly retries: number;
  /** Attempts that were given up and are still under way. */
  readonly abandoned: number;
  /** Successful attempts, from the start of the attempt. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** Attempts of every outcome but `canceled`, from the start of the attempt. */
  readonly durations: DurationFigures;
}

/** Counts as they grow. */
export class CallTally {
  total = 0;
  ok = 0;
  failed = 0;
  timeout = 0;
  throttled = 0;
  ignored = 0;
  canceled = 0;
  rejected = 0;
  retries = 0;
  abandoned = 0;
  readonly latency = new LatencyHistogram();
  /** Of all attempts that ended, whatever came of them. */
  readonly durations = new DurationHistogram();

  figures(): CallFigures {
    const { durations, latency, ...counts } = this;
    return {
      ...counts,
      p50Ms: latency.quantileMs(0.5),
      p95Ms: latency.quantileMs(0.95),
      p99Ms: latency.quantileMs(0.99),
      durations: durations.figures(),
    };
  }
}
