import type { Limiter, LimiterSample } from './limiter.ts';
import type { AimdLimiterSpec } from './limiter-spec.ts';

/** Nothing is learned above this many attempts at the same time; the hard bound of admission is usually far below. */
const LARGEST_WINDOW = 1_000;

/**
 * One more attempt at the same time after each success while at least half of the window is in use; a share less after a rejection or a
 * timeout. An attempt that began before the last decrease says nothing of the smaller window, so a burst of rejections is one decrease.
 */
export class AimdLimiter implements Limiter {
  readonly delayMs = 0;
  readonly #decrease: number;
  #window: number;
  #decreasedAtMs = Number.NEGATIVE_INFINITY;

  constructor(spec: AimdLimiterSpec) {
    this.#window = spec.initialWindow ?? 4;
    this.#decrease = spec.decrease ?? 0.5;
  }

  readyAtMs(): number {
    return Number.NEGATIVE_INFINITY;
  }

  windowFor(): number {
    return this.#window;
  }

  started(): void {
    // Only how attempts end is of interest.
  }

  settled(sample: LimiterSample, inFlight: number): void {
    const { verdict, startedAtMs, nowMs } = sample;
    if (verdict.kind === 'success') {
      if (inFlight * 2 >= this.#window) this.#window = Math.min(LARGEST_WINDOW, this.#window + 1);
    } else if ((verdict.kind === 'throttled' || verdict.kind === 'timeout') && startedAtMs > this.#decreasedAtMs) {
      this.#decreasedAtMs = nowMs;
      this.#window = Math.max(1, Math.floor(this.#window * this.#decrease));
    }
  }
}
