import { requireAtLeast } from './invalid-spec.ts';

/**
 * How many repetitions a server may be sent, so that a failing one is not sent a multiple of its load. Each first attempt earns a
 * share of a token, time earns a few, and each repetition costs one.
 */
export interface RetryBudgetSpec {
  /** Tokens that each call earns. Default 0.1: one repetition for ten calls. */
  readonly share?: number;
  /** Tokens that each second earns, so that rare calls may be repeated too. Default 0.3. */
  readonly perSecond?: number;
  /** Most tokens that can be saved; also what it starts with. Default 10. */
  readonly capacity?: number;
}

export interface RetryBudgetSnapshot {
  /** Repetitions that could be made now. */
  readonly tokens: number;
  readonly spent: number;
  /** Repetitions that were left out because there was no token. */
  readonly refused: number;
}

/** A token bucket without a timer: time is counted when somebody asks. */
export class RetryBudget {
  readonly #share: number;
  readonly #perMs: number;
  readonly #capacity: number;
  #tokens: number;
  #countedAtMs: number;
  #spent = 0;
  #refused = 0;

  constructor(spec: RetryBudgetSpec, nowMs: number) {
    this.#share = spec.share ?? 0.1;
    this.#perMs = (spec.perSecond ?? 0.3) / 1_000;
    this.#capacity = spec.capacity ?? 10;
    this.#tokens = this.#capacity;
    this.#countedAtMs = nowMs;
  }

  /** A call begins. Time is left to `tryTake`, because this runs for every call and that one for every failure. */
  earn(): void {
    this.#tokens = Math.min(this.#capacity, this.#tokens + this.#share);
  }

  /** False: no repetition now. */
  tryTake(nowMs: number): boolean {
    this.#countTime(nowMs);
    if (this.#tokens < 1) {
      this.#refused++;
      return false;
    }
    this.#tokens--;
    this.#spent++;
    return true;
  }

  snapshot(nowMs: number): RetryBudgetSnapshot {
    this.#countTime(nowMs);
    return { tokens: Math.floor(this.#tokens), spent: this.#spent, refused: this.#refused };
  }

  #countTime(nowMs: number): void {
    this.#tokens = Math.min(this.#capacity, this.#tokens + Math.max(0, nowMs - this.#countedAtMs) * this.#perMs);
    this.#countedAtMs = nowMs;
  }
}

/** Throws `RESILIENCE_SPEC_INVALID`. */
export function validateRetryBudget(spec: RetryBudgetSpec): void {
  requireAtLeast(spec.share, 0, 'retry.budget.share');
  requireAtLeast(spec.perSecond, 0, 'retry.budget.perSecond');
  requireAtLeast(spec.capacity, 1, 'retry.budget.capacity');
}
