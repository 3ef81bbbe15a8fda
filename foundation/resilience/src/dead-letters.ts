import { type Clock, createId, isOpsError, systemClock } from '@breakwater/kernel';
import { ResilienceError } from './resilience-error.ts';

/**
 * What it takes to do an operation again: plain facts, one level deep. Letters are kept and shown, so there is no room for a secret: a
 * `Secret` is no plain fact, and `WithoutSecrets` refuses what is named like one.
 */
export type DeadLetterPayload = Readonly<Record<string, string | number | boolean | null>>;

type SecretWord = 'password' | 'passphrase' | 'secret' | 'token' | 'ticket' | 'credential' | 'cookie';

/** The same type where no name tells of a secret; otherwise one that nothing fits. */
export type WithoutSecrets<P> = {
  readonly [Name in keyof P]: Name extends string ? (Lowercase<Name> extends `${string}${SecretWord}${string}` ? never : P[Name]) : never;
};

/** A failed operation that must not vanish. */
export interface DeadLetter {
  readonly id: string;
  /** Whom it was meant for. */
  readonly key: string;
  readonly op: string;
  readonly payload: DeadLetterPayload;
  /** Of the last failure. */
  readonly reason: { readonly code: string; readonly message: string };
  /** Attempts so far, those before it was put here included. */
  readonly attempts: number;
  readonly createdAtWallMs: number;
  readonly failedAtWallMs: number;
}

/** Where letters are kept. An implementation must pass `describeDeadLetterStore` of `@breakwater/resilience/testing`. */
export interface DeadLetterStore {
  /** Adds it, or replaces the one with the same id without changing its place. */
  put(letter: DeadLetter): Promise<void>;
  get(id: string): Promise<DeadLetter | null>;
  /** Oldest first; all keys when none is named. */
  list(options: { readonly key?: string | undefined; readonly limit: number }): Promise<readonly DeadLetter[]>;
  /** False when there is none. */
  remove(id: string): Promise<boolean>;
  count(): Promise<number>;
}

export interface FailedOperation<P extends DeadLetterPayload = DeadLetterPayload> {
  readonly key: string;
  readonly op: string;
  readonly payload: P & WithoutSecrets<P>;
  readonly error: unknown;
  readonly attempts: number;
}

export type DeadLetterRetry =
  | { readonly kind: 'done' }
  /** It is kept, with this reason and one attempt more. */
  | { readonly kind: 'failed'; readonly letter: DeadLetter; readonly error: unknown }
  /** Somebody in this process is at it. */
  | { readonly kind: 'busy' }
  | { readonly kind: 'missing' };

export interface DeadLetters {
  add<P extends DeadLetterPayload>(failed: FailedOperation<P>): Promise<DeadLetter>;
  /** Oldest first. Default limit 100. */
  list(options?: { readonly key?: string | undefined; readonly limit?: number }): Promise<readonly DeadLetter[]>;
  /** Does it again, and removes the letter when that succeeds. */
  retry(id: string, run: (letter: DeadLetter) => unknown): Promise<DeadLetterRetry>;
  /** False when there is none. */
  discard(id: string): Promise<boolean>;
  count(): Promise<number>;
}

/** Error texts of foreign servers may be long. */
const MAX_REASON = 1_000;
const DEFAULT_LIMIT = 100;

export function createDeadLetters(options: { readonly store: DeadLetterStore; readonly clock?: Clock }): DeadLetters {
  return new StoredDeadLetters(options.store, options.clock ?? systemClock);
}

class StoredDeadLetters implements DeadLetters {
  readonly #store: DeadLetterStore;
  readonly #clock: Clock;
  readonly #retrying = new Set<string>();

  constructor(store: DeadLetterStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  async add<P extends DeadLetterPayload>(failed: FailedOperation<P>): Promise<DeadLetter> {
    const { key, op, payload, attempts } = failed;
    const atWallMs = this.#clock.wall();
    const reason = toReason(failed.error);
    const letter: DeadLetter = { id: createId(), key, op, payload, reason, attempts, createdAtWallMs: atWallMs, failedAtWallMs: atWallMs };
    await this.#store.put(letter);
    return letter;
  }

  list(options: { readonly key?: string | undefined; readonly limit?: number } = {}): Promise<readonly DeadLetter[]> {
    return this.#store.list({ key: options.key, limit: options.limit ?? DEFAULT_LIMIT });
  }

  async retry(id: string, run: (letter: DeadLetter) => unknown): Promise<DeadLetterRetry> {
    if (this.#retrying.has(id)) return { kind: 'busy' };
    this.#retrying.add(id);
    try {
      const letter = await this.#store.get(id);
      return letter === null ? { kind: 'missing' } : await this.#runAgain(letter, run);
    } finally {
      this.#retrying.delete(id);
    }
  }

  discard(id: string): Promise<boolean> {
    return this.#store.remove(id);
  }

  count(): Promise<number> {
    return this.#store.count();
  }

  async #runAgain(letter: DeadLetter, run: (letter: DeadLetter) => unknown): Promise<DeadLetterRetry> {
    try {
      await run(letter);
    } catch (error) {
      const failed = { ...letter, reason: toReason(error), attempts: letter.attempts + 1, failedAtWallMs: this.#clock.wall() };
      // Whoever discarded it meanwhile does not want it back.
      if ((await this.#store.get(letter.id)) !== null) await this.#store.put(failed);
      return { kind: 'failed', letter: failed, error };
    }
    await this.#store.remove(letter.id);
    return { kind: 'done' };
  }
}

function toReason(error: unknown): DeadLetter['reason'] {
  const code = isOpsError(error) ? error.code : 'UNKNOWN';
  return { code, message: (error instanceof Error ? error.message : String(error)).slice(0, MAX_REASON) };
}

/** For programs that keep nothing. A full one refuses, because a letter must not vanish. */
export function createMemoryDeadLetterStore(options: { readonly maxLetters: number }): DeadLetterStore {
  return new MemoryDeadLetterStore(options.maxLetters);
}

class MemoryDeadLetterStore implements DeadLetterStore {
  readonly #maxLetters: number;
  /** In the order in which they came. */
  readonly #letters = new Map<string, DeadLetter>();

  constructor(maxLetters: number) {
    this.#maxLetters = maxLetters;
  }

  async put(letter: DeadLetter): Promise<void> {
    if (!this.#letters.has(letter.id) && this.#letters.size >= this.#maxLetters) {
      throw new ResilienceError({
        code: 'RESILIENCE_QUEUE_FULL',
        key: letter.key,
        message: `There are ${this.#maxLetters} dead letters already; ${letter.op} on ${letter.key} could not be kept.`,
      });
    }
    this.#letters.set(letter.id, { ...letter });
  }

  async get(id: string): Promise<DeadLetter | null> {
    return this.#letters.get(id) ?? null;
  }

  async list(options: { readonly key?: string | undefined; readonly limit: number }): Promise<readonly DeadLetter[]> {
    const { key, limit } = options;
    return [...this.#letters.values()].filter((letter) => key === undefined || letter.key === key).slice(0, limit);
  }

  async remove(id: string): Promise<boolean> {
    return this.#letters.delete(id);
  }

  async count(): Promise<number> {
    return this.#letters.size;
  }
}
