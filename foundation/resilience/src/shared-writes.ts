/** Something to be told to the store. Telling it twice must do no harm. */
export interface SharedWrite {
  /** Pointless after that. */
  readonly expiresAtMs: number;
  send(): Promise<void>;
}

/** Most writes that wait. Beyond it the newest is dropped: a store that is slow must not cost memory. */
const MAX_WAITING = 128;
/** A write that fails as often while the store can be reached is the fault of what it says, and others wait behind it. */
const MAX_FAILURES = 3;

/** What waits to be told, in order and one at a time. A write that fails waits, with all behind it, until somebody resumes. */
export class SharedWrites {
  readonly #waiting: SharedWrite[] = [];
  readonly #onFailed: (error: unknown) => void;
  #isSending = false;
  /** Of the first one that waits. */
  #failures = 0;
  #dropped = 0;

  constructor(onFailed: (error: unknown) => void) {
    this.#onFailed = onFailed;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  get dropped(): number {
    return this.#dropped;
  }

  /** False: it was dropped. */
  add(write: SharedWrite): boolean {
    if (this.#waiting.length >= MAX_WAITING) {
      this.#dropped++;
      return false;
    }
    this.#waiting.push(write);
    return true;
  }

  /** Sends what waits. */
  async resume(now: () => number): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    try {
      for (let [write] = this.#waiting; write !== undefined; [write] = this.#waiting) {
        if (write.expiresAtMs > now()) await write.send();
        else this.#dropped++;
        this.#next();
      }
    } catch (error) {
      if (++this.#failures >= MAX_FAILURES) {
        this.#dropped++;
        this.#next();
      }
      this.#onFailed(error);
    } finally {
      this.#isSending = false;
    }
  }

  #next(): void {
    this.#failures = 0;
    this.#waiting.shift();
  }
}
