import type { Limiter, LimiterChange, LimiterSample } from './limiter.ts';
import type { WrittenDelaySpec } from './limiter-spec.ts';

/** Starts that are remembered: half a second apart they span two minutes, more than the timeouts that servers name. */
const MOST_STARTS = 256;

export interface WrittenDelayLimiterOptions {
  readonly onChange?: ((change: LimiterChange) => void) | undefined;
}

/**
 * The law of spec 02, word for word: `delay = timeout / (requests * 0.8)` after an error that names a timeout, else the delay times two;
 * times 0.9 after each success; from 0.5 s to 10 s, before every call of anybody. Each error counts, also those of one burst, and a
 * `Retry-After` changes nothing. The document leaves open of which time the requests are: here of the very timeout, so that the
 * quotient is the pace that the server stood. What this law costs is in the README.
 */
export class WrittenDelayLimiter implements Limiter {
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #increase: number;
  readonly #decrease: number;
  readonly #margin: number;
  readonly #onChange: ((change: LimiterChange) => void) | undefined;
  #delayMs: number;
  #lastStartMs = Number.NEGATIVE_INFINITY;
  /** Oldest first. */
  readonly #starts: number[] = [];
  /** First request since the last increase, and how many; told with the next one. */
  #windowStartMs = 0;
  #windowStarts = 0;

  constructor(spec: WrittenDelaySpec, options: WrittenDelayLimiterOptions = {}) {
    this.#minMs = spec.minMs ?? 500;
    this.#maxMs = spec.maxMs ?? 10_000;
    this.#increase = spec.increase ?? 2;
    this.#decrease = spec.decrease ?? 0.9;
    this.#margin = spec.margin ?? 0.8;
    this.#onChange = options.onChange;
    this.#delayMs = this.#minMs;
  }

  get delayMs(): number {
    return this.#delayMs;
  }

  windowFor(): number {
    return Number.POSITIVE_INFINITY;
  }

  readyAtMs(): number {
    return this.#lastStartMs + this.#delayMs;
  }

  started(_priority: string, nowMs: number): void {
    this.#lastStartMs = nowMs;
    this.#starts.push(nowMs);
    if (this.#starts.length > MOST_STARTS) this.#starts.shift();
    if (this.#windowStarts === 0) this.#windowStartMs = nowMs;
    this.#windowStarts++;
  }

  settled(sample: LimiterSample): void {
    const { verdict, nowMs, timeoutMs } = sample;
    if (verdict.kind === 'success') this.#change(this.#delayMs * this.#decrease, nowMs);
    else if (verdict.kind !== 'throttled' && verdict.kind !== 'timeout') return;
    else if (timeoutMs === undefined) this.#change(this.#delayMs * this.#increase, nowMs);
    else this.#change(timeoutMs / (this.#countStarts(nowMs - timeoutMs) * this.#margin), nowMs);
  }

  #change(wantedMs: number, nowMs: number): void {
    const beforeMs = this.#delayMs;
    this.#delayMs = Math.min(this.#maxMs, Math.max(this.#minMs, wantedMs));
    if (this.#delayMs > beforeMs) {
      const windowMs = this.#windowStarts === 0 ? 0 : nowMs - this.#windowStartMs;
      this.#onChange?.({ kind: 'limiter.slowed', requests: Math.max(1, this.#windowStarts), windowMs, delayMs: this.#delayMs });
      this.#windowStarts = 0;
    } else if (this.#delayMs === this.#minMs && beforeMs > this.#minMs) {
      this.#onChange?.({ kind: 'limiter.recovered' });
    }
  }

  /** At least 1: the attempt that failed is one of them. */
  #countStarts(sinceMs: number): number {
    return Math.max(1, this.#starts.filter((startedAtMs) => startedAtMs >= sinceMs).length);
  }
}
