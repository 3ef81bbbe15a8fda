import { UnloadedLatency } from './unloaded-latency.ts';

/** A measuring window closes at this many successes, but not before the shorter time; at the longer time with fewer. */
const ENOUGH_SUCCESSES = 8;
const SHORT_WINDOW_MS = 250;
const LONG_WINDOW_MS = 2_000;

/** Weight of the newest window in the delivered rate. */
const SMOOTHING = 0.5;

/** How many successes per second a server delivers, and how long they take when nothing waits. */
export class DeliveryMeter {
  readonly #latency = new UnloadedLatency();
  #count = 0;
  #sinceMs = Number.NaN;
  #perSecond = 0;
  #peakPerSecond = 0;

  /** 0 until a window has closed. */
  get perSecond(): number {
    return this.#perSecond;
  }

  /** The most that one window has delivered; 0 until one has closed. */
  get peakPerSecond(): number {
    return this.#peakPerSecond;
  }

  /** Mean latency without a queue, for the kinds of calls in the window that closed last; 0 until one has closed. */
  get baseMs(): number {
    return this.#latency.baseMs;
  }

  /** Time runs from the first attempt on. */
  begin(nowMs: number): void {
    if (Number.isNaN(this.#sinceMs)) this.#sinceMs = nowMs;
  }

  /**
   * Adds a success. The mean latency of the window when it closes with this one, to be compared with `baseMs`; else null. Where nobody had to wait, few
   * successes mean little demand, so such a window never lowers the delivered rate.
   */
  add(
    latencyMs: number,
    options: { readonly op: string; readonly nowMs: number; readonly demand: 'waiting' | 'satisfied' },
  ): number | null {
    const { op, nowMs, demand } = options;
    this.begin(nowMs - latencyMs);
    this.#latency.add(op, latencyMs);
    this.#count++;
    const durationMs = nowMs - this.#sinceMs;
    if (durationMs < (this.#count >= ENOUGH_SUCCESSES ? SHORT_WINDOW_MS : LONG_WINDOW_MS)) return null;
    const perSecond = (this.#count * 1_000) / durationMs;
    this.#count = 0;
    this.#sinceMs = nowMs;
    const smoothed = this.#perSecond === 0 ? perSecond : this.#perSecond * (1 - SMOOTHING) + perSecond * SMOOTHING;
    if (demand === 'waiting' || smoothed > this.#perSecond) this.#perSecond = smoothed;
    this.#peakPerSecond = Math.max(this.#peakPerSecond, perSecond);
    return this.#latency.close(nowMs);
  }

  /** The rate of the window that has not closed yet, for a rejection before anything is known; 0 where it says nothing. */
  currentPerSecond(nowMs: number): number {
    const durationMs = nowMs - this.#sinceMs;
    return durationMs >= SHORT_WINDOW_MS ? (this.#count * 1_000) / durationMs : 0;
  }

  /** At least this much, until the next window says otherwise. */
  expect(perSecond: number): void {
    this.#perSecond = Math.max(this.#perSecond, perSecond);
  }

  /** Forgets what has been: neither an old peak nor an old latency speaks for the server of today. */
  forgetPeak(): void {
    this.#peakPerSecond = this.#perSecond;
  }

  /** A latency that was measured while the queue was known to be empty replaces all earlier ones of its kind. */
  restartBase(op: string, latency: { readonly baseMs: number; readonly nowMs: number }): void {
    this.#latency.restart(op, latency);
  }
}
