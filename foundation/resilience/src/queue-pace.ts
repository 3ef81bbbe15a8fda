/** Starts before the pace of a queue says anything. */
const ENOUGH_STARTS = 8;
/** Weight of the latest gap; older ones weigh ever less. */
const SHARE = 0.05;

/**
 * How fast a queue moves: the mean time between two starts while somebody waits. Only then is the pace that of the server and its
 * bounds; what starts at once says how much is asked for.
 */
export class QueuePace {
  #meanMs = 0;
  #gaps = 0;
  #lastStartMs = Number.NaN;

  /** Somebody has left the queue to start. `waiting`: how many still wait. */
  noteStart(nowMs: number, waiting: number): void {
    if (!Number.isNaN(this.#lastStartMs)) {
      // The first gaps form a plain mean, so that none of them weighs too much.
      this.#gaps = Math.min(this.#gaps + 1, 1 / SHARE);
      this.#meanMs += (nowMs - this.#lastStartMs - this.#meanMs) / this.#gaps;
    }
    this.#lastStartMs = waiting > 0 ? nowMs : Number.NaN;
  }

  /** Nobody waits any more: time that passes from here on belongs to no gap. */
  noteEmpty(): void {
    this.#lastStartMs = Number.NaN;
  }

  /** Milliseconds for one place in the queue; null while too little is known. A start that is overdue counts as if it came now. */
  gapMs(nowMs: number): number | null {
    if (this.#gaps < ENOUGH_STARTS) return null;
    const presentMs = Number.isNaN(this.#lastStartMs) ? 0 : nowMs - this.#lastStartMs;
    return Math.max(this.#meanMs, this.#meanMs + SHARE * (presentMs - this.#meanMs));
  }
}
