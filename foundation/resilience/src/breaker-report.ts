import type { WindowVerdict } from './outcome-window.ts';
import type { SharedVerdictReport } from './shared-verdict.ts';
import type { BreakerMode } from './spec.ts';

export type BreakerStateKind = 'closed' | 'open' | 'half-open';

/** Opened by hand. */
export interface HandOpening {
  readonly reason: string;
  /** `Infinity`: until somebody resets it. */
  readonly untilWallMs: number;
}

/** What made it open: a trip, a failed probe, somebody, or what other processes found. */
export type OpeningCause = 'consecutive' | WindowVerdict | 'probe' | 'by-hand' | 'shared';

export interface BreakerSnapshot {
  readonly state: BreakerStateKind;
  readonly mode: BreakerMode;
  /** Null unless somebody has opened it. */
  readonly byHand: HandOpening | null;
  /**
   * Failures that count towards opening: those in a row, or without a `consecutive` trip those in the window that fewest of them keep from
   * opening. While not closed, what opened it.
   */
  readonly failures: number;
  /** Without a `consecutive` trip the least number of failures (or slow calls) that opens it by the same window. */
  readonly failureThreshold: number;
  /** Highest of all windows, 0 to 1. Null without a window, and before it holds a call. */
  readonly failureRate: number | null;
  readonly slowRate: number | null;
  /** Successful probes since it became half-open. */
  readonly successes: number;
  readonly successThreshold: number;
  /** Open time of the present or next opening. */
  readonly openMs: number;
  /** Null unless open, and while it is open until somebody resets it. */
  readonly retryAfterMs: number | null;
  readonly openedAtWallMs: number | null;
  readonly lastFailureAtWallMs: number | null;
  /** How often it has opened since the start. */
  readonly opens: number;
  readonly rejected: number;
  /** Attempts it has admitted. */
  readonly admitted: number;
  /** What all processes together say; absent where no state is shared. */
  readonly shared?: SharedVerdictReport;
}

export type BreakerChange =
  | {
      readonly kind: 'breaker.opened';
      /** Those that the trip counted: in a row, or in its window. */
      readonly failures: number;
      readonly from: BreakerStateKind;
      /** `Infinity`: until somebody resets it. */
      readonly openMs: number;
      readonly cause: OpeningCause;
      /** What somebody said who opened it by hand, or what the others found. */
      readonly reason?: string;
    }
  /** In `metrics-only` mode, once until the trip is no longer reached. */
  | { readonly kind: 'breaker.would-open'; readonly failures: number; readonly cause: OpeningCause }
  | { readonly kind: 'breaker.half-opened' }
  | { readonly kind: 'breaker.closed'; readonly successes: number }
  | { readonly kind: 'breaker.reset'; readonly reason: string };
