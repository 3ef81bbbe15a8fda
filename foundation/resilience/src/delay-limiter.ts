import type { Priority } from '@breakwater/kernel';
import type { Limiter, LimiterChange, LimiterSample } from './limiter.ts';
import type { DelayLimiterSpec } from './limiter-spec.ts';

/** Starts remembered for counting the requests of an interval. More than this in one interval counts as this many. */
const REMEMBERED_STARTS = 256;

/** Requests longer ago than this have nothing to do with a rejection. */
const LONGEST_WINDOW_MS = 60_000;

export interface DelayLimiterOptions {
  readonly onChange?: ((change: LimiterChange) => void) | undefined;
}

/**
 * The law of spec 02: after a rejection `delay = timeout / (requests * 0.8)` where the error names a timeout, else the delay
 * doubles; each success shrinks it by a tenth; always between 0.5 s and 10 s.
 *
 * Where the plain law would do harm: nothing is slowed before the first rejection; requests are counted over the very interval
 * that the timeout names; where that asks for less than the present delay, which was rejected, the delay doubles; a rejection counts only when its attempt started after the last increase, so that a burst of four
 * parallel 503s is one increase and not a factor of sixteen; people who wait are exempt; and the pause is lifted after a calm time
 * at the least value, because half a second between requests is far too slow for a host that has recovered.
 */
export class DelayLimiter implements Limiter {
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #increase: number;
  readonly #decrease: number;
  readonly #margin: number;
  readonly #calmMs: number;
  readonly #exempt: readonly Priority[];
  readonly #onChange: ((change: LimiterChange) => void) | undefined;
  readonly #starts = new Float64Array(REMEMBERED_STARTS).fill(Number.NEGATIVE_INFINITY);
  #startIndex = 0;
  /** 0: inactive. */
  #delayMs = 0;
  #lastIncreaseMs = Number.NEGATIVE_INFINITY;
  #lastPacedStartMs = Number.NEGATIVE_INFINITY;
  /** A server that named a time to come back is left alone until then, by everybody. */
  #closedUntilMs = Number.NEGATIVE_INFINITY;
  /** Start of the interval whose requests are told with the next increase. */
  #windowStartMs = Number.NaN;

  constructor(spec: DelayLimiterSpec, options: DelayLimiterOptions = {}) {
    this.#minMs = spec.minMs ?? 500;
    this.#maxMs = spec.maxMs ?? 10_000;
    this.#increase = spec.increase ?? 2;
    this.#decrease = spec.decrease ?? 0.9;
    this.#margin = spec.margin ?? 0.8;
    this.#calmMs = spec.calmMs ?? 60_000;
    this.#exempt = spec.exempt ?? ['critical', 'high'];
    this.#onChange = options.onChange;
  }

  get delayMs(): number {
    return this.#delayMs;
  }

  windowFor(): number {
    return Number.POSITIVE_INFINITY;
  }

  readyAtMs(priority: Priority): number {
    if (this.#delayMs === 0 || this.#exempt.includes(priority)) return this.#closedUntilMs;
    return Math.max(this.#closedUntilMs, this.#lastPacedStartMs + this.#delayMs);
  }

  started(priority: Priority, nowMs: number): void {
    this.#starts[this.#startIndex] = nowMs;
    this.#startIndex = (this.#startIndex + 1) % REMEMBERED_STARTS;
    if (Number.isNaN(this.#windowStartMs)) this.#windowStartMs = nowMs;
    if (!this.#exempt.includes(priority)) this.#lastPacedStartMs = nowMs;
  }

  settled(sample: LimiterSample): void {
    const { verdict, startedAtMs, nowMs } = sample;
    if (verdict.kind === 'throttled' || verdict.kind === 'timeout') {
      if (verdict.kind === 'throttled' && verdict.retryAfterMs !== undefined) {
        // A header of a foreign server: believed up to the longest pause this limiter may ask for.
        this.#closedUntilMs = Math.max(this.#closedUntilMs, nowMs + Math.min(verdict.retryAfterMs, this.#maxMs));
      }
      if (startedAtMs >= this.#lastIncreaseMs) this.#slowDown(sample);
    } else if (verdict.kind === 'success' && this.#delayMs > 0 && startedAtMs >= this.#lastIncreaseMs) {
      this.#speedUp(nowMs);
    }
  }

  #slowDown(sample: LimiterSample): void {
    const { nowMs, timeoutMs } = sample;
    const present = Math.max(this.#delayMs, this.#minMs);
    const optimal = timeoutMs === undefined ? 0 : timeoutMs / (this.#countStarts(nowMs - timeoutMs) * this.#margin);
    this.#delayMs = Math.min(this.#maxMs, optimal > present ? optimal : present * this.#increase);
    const windowMs = Number.isNaN(this.#windowStartMs) ? 0 : Math.min(LONGEST_WINDOW_MS, nowMs - this.#windowStartMs);
    const requests = this.#countStarts(nowMs - windowMs);
    this.#lastIncreaseMs = nowMs;
    this.#windowStartMs = Number.NaN;
    this.#onChange?.({ kind: 'limiter.slowed', requests, windowMs, delayMs: this.#delayMs });
  }

  #speedUp(nowMs: number): void {
    if (this.#delayMs > this.#minMs) {
      this.#delayMs = Math.max(this.#minMs, this.#delayMs * this.#decrease);
    } else if (nowMs - this.#lastIncreaseMs >= this.#calmMs) {
      this.#delayMs = 0;
      this.#onChange?.({ kind: 'limiter.recovered' });
    }
  }

  /** At least 1: the attempt that failed is one of them. */
  #countStarts(sinceMs: number): number {
    let count = 0;
    for (const startedAtMs of this.#starts) if (startedAtMs >= sinceMs) count++;
    return Math.max(1, count);
  }
}
