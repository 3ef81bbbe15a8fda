import type { Priority } from '@breakwater/kernel';
import type { Verdict } from './verdict.ts';

/** One attempt that has ended, as a limiter sees it. */
export interface LimiterSample {
  readonly verdict: Verdict;
  /** Name of the kind of call, as in the events. Kinds differ in how long they take. */
  readonly op?: string;
  readonly startedAtMs: number;
  readonly nowMs: number;
  /** Timeout that the server named in its error or that the attempt ran into; undefined when none is known. */
  readonly timeoutMs: number | undefined;
}

/** Told when a limiter makes callers wait longer, and when it lifts the wait altogether. */
export type LimiterChange =
  | { readonly kind: 'limiter.slowed'; readonly requests: number; readonly windowMs: number; readonly delayMs: number }
  | { readonly kind: 'limiter.recovered' };

/** Learns how much a server stands, inside the hard bounds of admission. Without timers; asked at every start. */
export interface Limiter {
  /** Instant from which a call of this priority may start. */
  readyAtMs(priority: Priority): number;
  /** Most attempts at the same time when a call of this priority is to be the next one; at least 1. */
  windowFor(priority: Priority): number;
  /** Present pause between two attempts; 0 while it does not slow anybody. */
  readonly delayMs: number;
  /** A call has to wait now because of this limiter, and not because of a hard bound. */
  heldBack?(nowMs: number): void;
  started(priority: Priority, nowMs: number): void;
  /** A parked call went to the server, which waits for nobody's leave. */
  passed?(nowMs: number): void;
  /** `inFlight` counts the slots in use, that of the attempt itself included. */
  settled(sample: LimiterSample, inFlight: number): void;
}
