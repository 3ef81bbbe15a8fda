import type { Attempt } from './attempt.ts';
import type { Breaker } from './breaker.ts';
import { isBreakerFailure, type Verdict } from './verdict.ts';

/** An attempt that failed, as it was then: its server may still be at work on it. */
interface Owed {
  readonly permit: number;
  readonly verdict: Verdict;
  readonly nowMs: number;
  readonly startedAtMs: number;
}

/**
 * One call before a breaker that counts operations: of its attempts only the last one that proved anything counts, once it is known that
 * none follows. A probe, and whatever is no failure, is told to the breaker at once.
 */
export class OperationCount {
  readonly #breaker: Breaker;
  #owed: Owed | null = null;

  constructor(breaker: Breaker) {
    this.#breaker = breaker;
  }

  noteAttempt(attempt: Attempt, verdict: Verdict): void {
    // What was canceled proves nothing, so what was found before it stands.
    if (verdict.kind !== 'canceled') this.#owed = null;
    const { permit, nowMs, startedAtMs } = attempt;
    if (isBreakerFailure(verdict) && this.#breaker.isOfThisPeriod(permit)) this.#owed = { permit, verdict, nowMs, startedAtMs };
    else this.#breaker.settle(permit, verdict, { nowMs, startedAtMs });
  }

  /** No other attempt follows. */
  end(): void {
    const owed = this.#owed;
    this.#owed = null;
    if (owed !== null) this.#breaker.settle(owed.permit, owed.verdict, owed);
  }
}
