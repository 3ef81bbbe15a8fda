import type { Clock } from '@breakwater/kernel';

/** Lets so many requests a second through, and a burst of one second's worth, but at least one. */
export class RequestBucket {
  readonly #clock: Clock;
  #tokens = Number.POSITIVE_INFINITY;
  #atMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** False: one too many. The rate may differ from call to call. */
  take(perSecond: number): boolean {
    const nowMs = this.#clock.now();
    const most = Math.max(1, perSecond);
    this.#tokens = Math.min(most, this.#tokens + ((nowMs - this.#atMs) * perSecond) / 1_000);
    this.#atMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
