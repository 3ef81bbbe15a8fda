import { createOutcomeWindow, judgeWindow, type OutcomeWindow, type WindowVerdict } from './outcome-window.ts';
import { isSlow, type WindowTrip } from './trip.ts';
import type { Verdict } from './verdict.ts';

/** How many failures there are, and how many open the breaker. */
export interface FailureCount {
  readonly failures: number;
  readonly threshold: number;
}

interface CallTimes {
  readonly nowMs: number;
  readonly startedAtMs: number;
}

/** All windows of one breaker. */
export class TripWindows {
  /** At least one. */
  readonly #windows: readonly OutcomeWindow[];

  constructor(trips: readonly WindowTrip[]) {
    this.#windows = trips.map(createOutcomeWindow);
  }

  /** Counts a call that has ended. The first rate that is reached now, with the failures in its own window; null: none is. */
  add(verdict: Verdict, times: CallTimes): (FailureCount & { readonly cause: WindowVerdict }) | null {
    const { nowMs } = times;
    const isFailure = verdict.kind !== 'success';
    let reached: (FailureCount & { readonly cause: WindowVerdict }) | null = null;
    for (const window of this.#windows) {
      window.add({ isFailure, isSlow: isSlow(window.trip, times), nowMs });
      if (reached !== null) continue;
      const cause = judgeWindow(window, nowMs);
      if (cause !== null) reached = { cause, ...countIn(window, nowMs) };
    }
    return reached;
  }

  /** Whether a call that took so long is slow for any of them. */
  isSlow(times: CallTimes): boolean {
    return this.#windows.some(({ trip }) => isSlow(trip, times));
  }

  /** Of the window that fewest failures keep from opening the breaker; failures of one and the threshold of another say nothing. */
  nearest(nowMs: number): FailureCount {
    const counts = this.#windows.map((window) => countIn(window, nowMs));
    return counts.reduce((nearest, count) => (missing(count) < missing(nearest) ? count : nearest));
  }

  /** Highest share of all windows; null while they are empty. */
  highestRate(of: 'failures' | 'slow', nowMs: number): number | null {
    let highest: number | null = null;
    for (const window of this.#windows) {
      const figures = window.figures(nowMs);
      if (figures.calls > 0) highest = Math.max(highest ?? 0, figures[of] / figures.calls);
    }
    return highest;
  }

  clear(): void {
    for (const window of this.#windows) window.clear();
  }
}

function countIn(window: OutcomeWindow, nowMs: number): FailureCount {
  const { minCalls, failureRate = 1, slowRate = 1 } = window.trip;
  return { failures: window.figures(nowMs).failures, threshold: Math.ceil(minCalls * Math.min(failureRate, slowRate)) };
}

function missing({ failures, threshold }: FailureCount): number {
  return threshold - failures;
}
