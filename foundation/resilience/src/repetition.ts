import type { Clock, TimerHandle } from '@breakwater/kernel';
import type { PipelineCore } from './pipeline-core.ts';
import { decideRetryMs } from './retry.ts';
import type { RetrySpec } from './spec.ts';
import type { Verdict } from './verdict.ts';

/** What is known of a call that could be repeated. */
export interface RepeatQuestion {
  readonly retry: RetrySpec;
  readonly verdict: Verdict;
  readonly attempts: number;
  /** The previous pause; 0 before the first. */
  readonly previousMs: number;
  readonly nowMs: number;
  readonly expiresAtMs: number;
}

/** Milliseconds until the next attempt, or null when the call ends with what it has. Takes a token of the budget. */
export function planRepeatMs(core: PipelineCore, question: RepeatQuestion): number | null {
  const { retry, verdict, attempts, previousMs, nowMs } = question;
  if (attempts >= retry.attempts) return null;
  const delayMs = decideRetryMs(retry, { verdict, retry: attempts - 1, previousMs, random: core.random });
  if (delayMs === null || nowMs + delayMs >= question.expiresAtMs) return null;
  // A breaker known to stay open beyond the pause would only turn this error into a less telling one.
  if (core.breaker !== null && core.breaker.retryAfterMs(nowMs) > delayMs) return null;
  // Last, so that a token is taken only for what is really repeated.
  return core.retryBudget?.tryTake(nowMs) === false ? null : delayMs;
}

/** The pause before another attempt. */
export class Pause {
  readonly delayMs: number;
  #timer: TimerHandle | null;

  constructor(clock: Clock, delayMs: number, onOver: () => void) {
    this.delayMs = delayMs;
    // Somebody waits for an answer, so the process must live on until it can be given.
    this.#timer = clock.after(
      delayMs,
      () => {
        this.#timer = null;
        onOver();
      },
      { keepAlive: true },
    );
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }
}
