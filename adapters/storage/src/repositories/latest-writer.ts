interface Waiting<Value> {
  value: Value;
  readonly written: PromiseWithResolvers<void>;
}

interface Line<Value> {
  waiting: Waiting<Value> | null;
  done: Promise<void>;
}

/** Writes one value per key at a time. While a write runs, only the newest value waits; those in between are skipped. */
export class LatestWriter<Key, Value> {
  readonly #store: (key: Key, value: Value) => Promise<void>;
  readonly #lines = new Map<Key, Line<Value>>();

  constructor(store: (key: Key, value: Value) => Promise<void>) {
    this.#store = store;
  }

  /** Resolves when this value, or a newer one in its place, is stored. */
  write(key: Key, value: Value): Promise<void> {
    const line = this.#lines.get(key);
    if (line?.waiting != null) {
      line.waiting.value = value;
      return line.waiting.written.promise;
    }
    const waiting: Waiting<Value> = { value, written: Promise.withResolvers() };
    if (line === undefined) {
      const fresh: Line<Value> = { waiting, done: Promise.resolve() };
      this.#lines.set(key, fresh);
      fresh.done = this.#drain(key, fresh);
    } else {
      line.waiting = waiting;
    }
    return waiting.written.promise;
  }

  /** Resolves when nothing of this key is under way any more, whether it succeeded or not. */
  async settle(key: Key): Promise<void> {
    await this.#lines.get(key)?.done;
  }

  async settleAll(): Promise<void> {
    await Promise.all([...this.#lines.values()].map((line) => line.done));
  }

  /** Never rejects: each failure goes to those who asked for that write. */
  async #drain(key: Key, line: Line<Value>): Promise<void> {
    for (let next = line.waiting; next !== null; next = line.waiting) {
      line.waiting = null;
      try {
        await this.#store(key, next.value);
        next.written.resolve();
      } catch (error) {
        next.written.reject(error);
      }
    }
    this.#lines.delete(key);
  }
}
