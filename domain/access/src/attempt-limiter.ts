import { type Clock, OpsError } from '@breakwater/kernel';

export interface AttemptLimits {
  /** Failed attempts in a row that cost nothing. */
  readonly freeAttempts: number;
  /** Wait after the first failure beyond those; doubles with each further one. */
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
  /** A key that was quiet this long starts afresh. */
  readonly forgetAfterMs: number;
  /** Most keys remembered; the longest untouched is dropped first. */
  readonly maxKeys: number;
}

interface Entry {
  readonly failures: number;
  readonly touchedAt: number;
  readonly blockedUntil: number;
}

/**
 * Slows down guessing. An attempt counts as failed from its start, so that many at once gain nothing;
 * `succeed` or `takeBack` correct that.
 */
export class AttemptLimiter {
  readonly #clock: Clock;
  readonly #limits: AttemptLimits;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock, limits: AttemptLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Milliseconds until this key may try again; 0 when it may now. */
  waitMs(key: string): number {
    return Math.max(0, (this.#read(key)?.blockedUntil ?? 0) - this.#clock.now());
  }

  begin(key: string): void {
    const now = this.#clock.now();
    const failures = (this.#read(key)?.failures ?? 0) + 1;
    const excess = failures - this.#limits.freeAttempts;
    // 2 ** 30 is beyond any delay in use; it keeps the product finite for a key that is tried for days.
    const delayMs = excess < 0 ? 0 : Math.min(this.#limits.maxDelayMs, this.#limits.baseDelayMs * 2 ** Math.min(excess, 30));
    this.#entries.delete(key);
    this.#entries.set(key, { failures, touchedAt: now, blockedUntil: now + delayMs });
    if (this.#entries.size > this.#limits.maxKeys) {
      const oldest = this.#entries.keys().next();
      if (oldest.done !== true) this.#entries.delete(oldest.value);
    }
  }

  /** This key has shown that it is no guesser: starts afresh. */
  succeed(key: string): void {
    this.#entries.delete(key);
  }

  /** Only the last attempt was none: earlier failures still count. For keys that a guesser may share with honest people. */
  takeBack(key: string): void {
    const entry = this.#read(key);
    if (entry === undefined) return;
    if (entry.failures <= 1) this.#entries.delete(key);
    else this.#entries.set(key, { failures: entry.failures - 1, touchedAt: entry.touchedAt, blockedUntil: 0 });
  }

  #read(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const now = this.#clock.now();
    if (now < entry.blockedUntil || now - entry.touchedAt < this.#limits.forgetAfterMs) return entry;
    this.#entries.delete(key);
    return undefined;
  }
}

export function createTooManyAttempts(retryAfterMs: number): OpsError {
  return new OpsError({
    code: 'ACCESS_TOO_MANY_ATTEMPTS',
    message: `Too many failed attempts. Try again in ${Math.ceil(retryAfterMs / 1_000)} s.`,
    details: { retryAfterMs: Math.ceil(retryAfterMs) },
  });
}
