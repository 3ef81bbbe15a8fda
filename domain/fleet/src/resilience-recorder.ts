import type { BreakerStats, HistorySpan, RequestClass, ResilienceHistory } from '@breakwater/contract';
import { type DurationCounts, emptyDurationCounts, quantileOfMs } from '@breakwater/resilience';
import type { LinkFigures, WaitCounts } from './ports/server-link.ts';
import { SampleRing } from './sample-ring.ts';

/** How often figures are recorded, and what one sample of each span covers. */
export const SAMPLE_STEP_MS = 10_000;
const COARSE_STEP_MS = 300_000;
const HOUR_MS = 3_600_000;
const FINE_SAMPLES = HOUR_MS / SAMPLE_STEP_MS;
const COARSE_SAMPLES = (24 * HOUR_MS) / COARSE_STEP_MS;
const SAMPLES_PER_COARSE = COARSE_STEP_MS / SAMPLE_STEP_MS;

export const REQUEST_CLASSES = ['CRITICAL', 'HIGH', 'NORMAL', 'LOW'] as const satisfies readonly RequestClass[];
const BREAKER_LEVELS = { closed: 0, half_open: 1, open: 2 } as const satisfies Record<BreakerStats['state'], number>;

/** Columns of a sample. The waits of four classes, each as median and 95th percentile, come after the named ones. */
const COLUMNS = { delayMs: 0, calls: 1, throttled: 2, timedOut: 3, failed: 4, rejected: 5, poolErrors: 6, breaker: 7, waits: 8 } as const;
const WIDTH = COLUMNS.waits + REQUEST_CLASSES.length * 2;
const SUMMED = [COLUMNS.calls, COLUMNS.throttled, COLUMNS.timedOut, COLUMNS.failed, COLUMNS.rejected, COLUMNS.poolErrors] as const;

/** Waits are looked at over the last five minutes, from snapshots a minute apart. */
const WINDOW_SNAPSHOTS = 5;
const SAMPLES_PER_SNAPSHOT = 6;

export interface Measurement {
  readonly figures: LinkFigures;
  readonly waits: WaitCounts;
}

type Quantiles = Readonly<Record<RequestClass, { readonly p50Ms: number | null; readonly p95Ms: number | null }>>;

/** What one server's protection did in the last hour and the last day: bounded rings of numbers, some 50 KB for each server that is talked to. */
export class ResilienceRecorder {
  readonly #fine = new SampleRing({ size: FINE_SAMPLES, width: WIDTH });
  readonly #coarse = new SampleRing({ size: COARSE_SAMPLES, width: WIDTH });
  #last: Measurement | null = null;
  #windows: readonly WaitCounts[] = [];
  #untilSnapshot = 0;
  #untilCoarse = SAMPLES_PER_COARSE;

  /** `null`: the server is not talked to. */
  add(atWallMs: number, now: Measurement | null): void {
    this.#fine.add(atWallMs, this.#toSample(now));
    this.#untilCoarse -= 1;
    if (this.#untilCoarse === 0) {
      this.#untilCoarse = SAMPLES_PER_COARSE;
      this.#coarse.add(atWallMs, this.#condense(atWallMs, now));
    }
    this.#last = now;
    this.#keepWindow(now);
  }

  /** Waits of about the last five minutes. */
  recentWaits(now: WaitCounts): Quantiles {
    return toQuantiles(now, this.#windows[0] ?? null);
  }

  lastHour(nowWallMs: number): { readonly [Name in 'calls' | 'throttled' | 'timedOut' | 'failed' | 'rejected' | 'poolErrors']: number } {
    const since = nowWallMs - HOUR_MS;
    const sum = (column: number): number => this.#fine.sum(column, since);
    return {
      calls: sum(COLUMNS.calls),
      throttled: sum(COLUMNS.throttled),
      timedOut: sum(COLUMNS.timedOut),
      failed: sum(COLUMNS.failed),
      rejected: sum(COLUMNS.rejected),
      poolErrors: sum(COLUMNS.poolErrors),
    };
  }

  history(span: HistorySpan): ResilienceHistory {
    const ring = span === '1h' ? this.#fine : this.#coarse;
    const column = (index: number): (number | null)[] => [...ring.column(index)];
    const waits = Object.fromEntries(
      REQUEST_CLASSES.map((name, index) => [
        name,
        { p50_ms: column(COLUMNS.waits + index * 2), p95_ms: column(COLUMNS.waits + index * 2 + 1) },
      ]),
    ) as ResilienceHistory['waits'];
    return {
      span,
      step_ms: span === '1h' ? SAMPLE_STEP_MS : COARSE_STEP_MS,
      at_ms: [...ring.times()],
      delay_ms: column(COLUMNS.delayMs),
      waits,
      calls: column(COLUMNS.calls),
      throttled: column(COLUMNS.throttled),
      timed_out: column(COLUMNS.timedOut),
      failed: column(COLUMNS.failed),
      rejected: column(COLUMNS.rejected),
      breaker: column(COLUMNS.breaker),
    };
  }

  /** Both rings, the shorter span first, each behind its length. */
  dump(): Uint8Array {
    const parts = [this.#fine.dump(), this.#coarse.dump()];
    const bytes = new Uint8Array(parts.reduce((sum, part) => sum + 4 + part.byteLength, 0));
    let at = 0;
    for (const part of parts) {
      new DataView(bytes.buffer).setUint32(at, part.byteLength);
      bytes.set(part, at + 4);
      at += 4 + part.byteLength;
    }
    return bytes;
  }

  /** Takes over what an earlier process recorded, as far as it is still of the span. False for bytes of another kind. */
  restore(bytes: Uint8Array, nowWallMs: number): boolean {
    let at = 0;
    for (const [ring, spanMs] of [
      [this.#fine, HOUR_MS],
      [this.#coarse, 24 * HOUR_MS],
    ] as const) {
      if (bytes.byteLength < at + 4) return false;
      const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(at);
      if (bytes.byteLength < at + 4 + length) return false;
      const isTaken = ring.restore(bytes.subarray(at + 4, at + 4 + length), { fromMs: nowWallMs - spanMs, untilMs: nowWallMs });
      if (!isTaken) return false;
      at += 4 + length;
    }
    return true;
  }

  #toSample(now: Measurement | null): Float32Array {
    const sample = new Float32Array(WIDTH).fill(Number.NaN);
    if (now === null) return sample;
    const { figures, waits } = now;
    const calls = this.#last?.figures.calls;
    sample[COLUMNS.delayMs] = figures.delayMs;
    sample[COLUMNS.calls] = grown(figures.calls.attempts, calls?.attempts);
    sample[COLUMNS.throttled] = grown(figures.calls.throttled, calls?.throttled);
    sample[COLUMNS.timedOut] = grown(figures.calls.timedOut, calls?.timedOut);
    sample[COLUMNS.failed] = grown(figures.calls.failed, calls?.failed);
    sample[COLUMNS.rejected] = grown(figures.calls.rejected, calls?.rejected);
    sample[COLUMNS.poolErrors] = grown(figures.pool.errors, this.#last?.figures.pool.errors);
    sample[COLUMNS.breaker] = BREAKER_LEVELS[figures.breaker.state];
    setQuantiles(sample, toQuantiles(waits, this.#last?.waits ?? null));
    return sample;
  }

  /** The fine samples of a coarse step in one: sums of counts, the slowest delay, the worst state, the waits of the whole step. */
  #condense(atWallMs: number, now: Measurement | null): Float32Array {
    const sample = new Float32Array(WIDTH).fill(Number.NaN);
    const recent = (index: number): number[] =>
      this.#fine
        .column(index)
        .slice(-SAMPLES_PER_COARSE)
        .flatMap((value) => value ?? []);
    if (recent(COLUMNS.breaker).length === 0) return sample;
    const since = atWallMs - COARSE_STEP_MS + 1;
    for (const column of SUMMED) sample[column] = this.#fine.sum(column, since);
    for (const column of [COLUMNS.delayMs, COLUMNS.breaker]) sample[column] = Math.max(...recent(column));
    if (now !== null) setQuantiles(sample, toQuantiles(now.waits, this.#windows[0] ?? null));
    return sample;
  }

  #keepWindow(now: Measurement | null): void {
    if (now === null) {
      this.#windows = [];
      this.#untilSnapshot = 0;
      return;
    }
    if (this.#untilSnapshot === 0) {
      this.#windows = [...this.#windows, now.waits].slice(-WINDOW_SNAPSHOTS);
      this.#untilSnapshot = SAMPLES_PER_SNAPSHOT;
    }
    this.#untilSnapshot -= 1;
  }
}

/** A counter of a link that was opened anew began at zero. */
const grown = (now: number, before = 0): number => (now < before ? now : now - before);

function toQuantiles(now: WaitCounts, before: WaitCounts | null): Quantiles {
  const of = (name: RequestClass): { readonly p50Ms: number | null; readonly p95Ms: number | null } => {
    const counts = subtract(now[name], before?.[name] ?? null);
    return { p50Ms: quantileOfMs(counts, 0.5), p95Ms: quantileOfMs(counts, 0.95) };
  };
  return { CRITICAL: of('CRITICAL'), HIGH: of('HIGH'), NORMAL: of('NORMAL'), LOW: of('LOW') };
}

function setQuantiles(sample: Float32Array, quantiles: Quantiles): void {
  for (const [index, name] of REQUEST_CLASSES.entries()) {
    sample[COLUMNS.waits + index * 2] = quantiles[name].p50Ms ?? Number.NaN;
    sample[COLUMNS.waits + index * 2 + 1] = quantiles[name].p95Ms ?? Number.NaN;
  }
}

function subtract(now: DurationCounts, before: DurationCounts | null): DurationCounts {
  if (before === null) return now;
  const difference = emptyDurationCounts();
  for (const [bucket, count] of now.entries()) {
    const old = before[bucket] ?? 0;
    // A smaller count is one of another link, which began at zero.
    if (count < old) return now;
    difference[bucket] = count - old;
  }
  return difference;
}
