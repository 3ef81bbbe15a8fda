import type { Clock, Logger, TimerHandle } from '@breakwater/kernel';

/** Something that outlives the request that opened it. */
export interface WatchedUse {
  /** True while whoever opened it may still use it. */
  readonly isStillAllowed: () => Promise<boolean>;
  readonly end: () => void;
}

export interface RightsWatchOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly intervalMs: number;
}

/** Ends what somebody opened and may no longer use: after a sign-out, a removed token or a changed role. */
export class RightsWatch {
  readonly #options: RightsWatchOptions;
  readonly #uses = new Set<WatchedUse>();
  #timer: TimerHandle | null = null;

  constructor(options: RightsWatchOptions) {
    this.#options = options;
  }

  /** The result ends the watch. */
  add(use: WatchedUse): () => void {
    this.#uses.add(use);
    this.#schedule();
    return () => this.#uses.delete(use);
  }

  /** For the moment in which somebody's rights have changed; otherwise the next round finds out. */
  checkNow(): void {
    for (const use of this.#uses) this.#check(use);
  }

  close(): void {
    this.#timer?.cancel();
    this.#uses.clear();
  }

  #schedule(): void {
    const { clock, intervalMs } = this.#options;
    this.#timer ??= clock.after(intervalMs, () => {
      this.#timer = null;
      this.checkNow();
      if (this.#uses.size > 0) this.#schedule();
    });
  }

  #check(use: WatchedUse): void {
    use.isStillAllowed().then(
      (isAllowed) => {
        if (!isAllowed && this.#uses.delete(use)) use.end();
      },
      // Not knowing is no reason to cut somebody off; the next round asks again.
      (error: unknown) => this.#options.logger.warn('A right could not be checked', { error }),
    );
  }
}
