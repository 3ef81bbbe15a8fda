import { onAbort } from '@breakwater/kernel';

/** Lets `width` acts run at once; the others wait in order, and leave when their signal aborts. */
export class Gate {
  readonly #width: number;
  #running = 0;
  readonly #waiting = new Set<() => void>();

  constructor(width: number) {
    this.#width = width;
  }

  async run<Result>(act: () => Promise<Result>, options: { readonly signal: AbortSignal }): Promise<Result> {
    options.signal.throwIfAborted();
    if (this.#running < this.#width) this.#running++;
    else await this.#wait(options.signal);
    try {
      return await act();
    } finally {
      this.#pass();
    }
  }

  /** The place is handed on, not freed, so that a newcomer cannot slip in before the one who waits. */
  #pass(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#running--;
    else next();
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        this.#waiting.delete(enter);
        takeBack();
        resolve();
      };
      this.#waiting.add(enter);
      const takeBack = onAbort(signal, (reason) => {
        this.#waiting.delete(enter);
        reject(reason);
      });
    });
  }
}
