import type { Clock } from '@breakwater/kernel';
import { RetryBudget, type RetryBudgetSnapshot, type RetryBudgetSpec } from './retry-budget.ts';
import type { TokenRequest } from './shared-store.ts';

export interface SharedRetryBudgetOptions {
  readonly key: string;
  readonly clock: Clock;
  /** Whether the store can be asked. */
  isReachable(): boolean;
  /** Null: the store is out of reach. */
  exchange(request: TokenRequest): Promise<number | null>;
}

/** Fetched at once, so that a burst of failures need not ask for each. */
const BATCH = 3;
/** After an answer of none: time must pass or calls must come before there are tokens again. */
const PAUSE_MS = 1_000;

/**
 * A budget for repetitions that all processes draw from. Tokens are fetched in advance and spent at once, so a call never waits for them;
 * while the store is out of reach, this process has a budget of its own.
 */
export class SharedRetryBudget extends RetryBudget {
  readonly #spec: Required<RetryBudgetSpec>;
  readonly #options: SharedRetryBudgetOptions;
  /** Tokens at hand. The first is there without asking, so that rare calls may be repeated too. */
  #atHand = 1;
  #earned = 0;
  #isAsking = false;
  #askAgainAtMs = Number.NEGATIVE_INFINITY;
  #spent = 0;
  #refused = 0;

  constructor(spec: RetryBudgetSpec, options: SharedRetryBudgetOptions) {
    super(spec, options.clock.now());
    this.#spec = { share: 0.1, perSecond: 0.3, capacity: 10, ...spec };
    this.#options = options;
  }

  override earn(): void {
    super.earn();
    this.#earned = Math.min(this.#spec.capacity, this.#earned + this.#spec.share);
  }

  override tryTake(nowMs: number): boolean {
    if (!this.#options.isReachable()) return super.tryTake(nowMs);
    const isTaken = this.#atHand >= 1;
    if (isTaken) {
      this.#atHand--;
      this.#spent++;
    } else {
      this.#refused++;
    }
    if (this.#atHand < 1) this.#ask(nowMs);
    return isTaken;
  }

  override snapshot(nowMs: number): RetryBudgetSnapshot {
    const own = super.snapshot(nowMs);
    const tokens = this.#options.isReachable() ? this.#atHand : own.tokens;
    return { tokens, spent: own.spent + this.#spent, refused: own.refused + this.#refused };
  }

  #ask(nowMs: number): void {
    if (this.#isAsking || nowMs < this.#askAgainAtMs) return;
    this.#isAsking = true;
    const { capacity, perSecond } = this.#spec;
    const earned = this.#earned;
    this.#earned = 0;
    void this.#options.exchange({ key: this.#options.key, earned, wanted: BATCH, capacity, perSecond }).then((granted) => {
      this.#isAsking = false;
      // Earned tokens whose fate is unknown are counted as lost: too few repetitions do less harm than too many.
      this.#atHand += granted ?? 0;
      if (granted === 0) this.#askAgainAtMs = this.#options.clock.now() + PAUSE_MS;
    });
  }
}
