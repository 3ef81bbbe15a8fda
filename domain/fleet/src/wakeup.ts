import { type Clock, onAbort } from '@breakwater/kernel';

/** A wait that ends by time, by `wake()` or by abort, whichever comes first; it never rejects. */
export class Wakeup {
  readonly #clock: Clock;
  readonly #sleepers = new Set<() => void>();
  #isPending = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Ends the wait in progress; without one, the next wait ends at once. */
  wake(): void {
    if (this.#sleepers.size === 0) this.#isPending = true;
    for (const end of this.#sleepers) end();
  }

  wait(delayMs: number, options: { readonly signal: AbortSignal }): Promise<void> {
    if (this.#isPending || options.signal.aborted) {
      this.#isPending = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        forget();
        this.#sleepers.delete(end);
        resolve();
      };
      const timer = this.#clock.after(delayMs, end);
      const forget = onAbort(options.signal, end);
      this.#sleepers.add(end);
    });
  }
}
