import type { CountWindowTrip, TimeWindowTrip, WindowTrip } from './trip.ts';

export interface WindowFigures {
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
}

export type WindowVerdict = 'failure-rate' | 'slow-rate';

/** What a rate looks at: counts of the latest calls. Nothing is allocated before the first call, because most servers of a large fleet are idle. */
export interface OutcomeWindow {
  readonly trip: WindowTrip;
  /** Counts a call that has ended. */
  add(call: { readonly isFailure: boolean; readonly isSlow: boolean; readonly nowMs: number }): void;
  figures(nowMs: number): WindowFigures;
  clear(): void;
}

export function createOutcomeWindow(trip: WindowTrip): OutcomeWindow {
  return trip.kind === 'count-window' ? new CountWindow(trip) : new TimeWindow(trip);
}

/** Which of its rates a window has reached, if any. */
export function judgeWindow(window: OutcomeWindow, nowMs: number): WindowVerdict | null {
  const { minCalls, failureRate = Number.POSITIVE_INFINITY, slowRate = Number.POSITIVE_INFINITY } = window.trip;
  const { calls, failures, slow } = window.figures(nowMs);
  if (calls < minCalls) return null;
  if (failures >= failureRate * calls) return 'failure-rate';
  return slow >= slowRate * calls ? 'slow-rate' : null;
}

const FAILED = 1;
const SLOW = 2;

class CountWindow implements OutcomeWindow {
  readonly trip: CountWindowTrip;
  /** A ring; what is beyond `#calls` has not been used yet. */
  #marks: Uint8Array | null = null;
  #next = 0;
  #calls = 0;
  #failures = 0;
  #slow = 0;

  constructor(trip: CountWindowTrip) {
    this.trip = trip;
  }

  add(call: { readonly isFailure: boolean; readonly isSlow: boolean }): void {
    this.#marks ??= new Uint8Array(this.trip.calls);
    if (this.#calls === this.trip.calls) this.#count(this.#marks[this.#next] as number, -1);
    else this.#calls++;
    const mark = (call.isFailure ? FAILED : 0) | (call.isSlow ? SLOW : 0);
    this.#marks[this.#next] = mark;
    this.#count(mark, 1);
    this.#next = (this.#next + 1) % this.trip.calls;
  }

  figures(): WindowFigures {
    return { calls: this.#calls, failures: this.#failures, slow: this.#slow };
  }

  clear(): void {
    this.#next = 0;
    this.#calls = 0;
    this.#failures = 0;
    this.#slow = 0;
  }

  #count(mark: number, by: 1 | -1): void {
    this.#failures += (mark & FAILED) * by;
    this.#slow += ((mark & SLOW) >> 1) * by;
  }
}

const DEFAULT_BUCKETS = 10;
/** Calls, failures and slow calls stand side by side. */
const FIELDS = 3;

/**
 * Old buckets are forgotten whenever anybody looks, not only when a call ends: after an idle hour the first failure must not meet
 * those of an hour ago.
 */
class TimeWindow implements OutcomeWindow {
  readonly trip: TimeWindowTrip;
  readonly #buckets: number;
  readonly #bucketMs: number;
  #counts: Uint32Array | null = null;
  /** Number of the present bucket since the clock's beginning. */
  #present = 0;
  #calls = 0;
  #failures = 0;
  #slow = 0;

  constructor(trip: TimeWindowTrip) {
    this.trip = trip;
    this.#buckets = trip.buckets ?? DEFAULT_BUCKETS;
    this.#bucketMs = trip.windowMs / this.#buckets;
  }

  add(call: { readonly isFailure: boolean; readonly isSlow: boolean; readonly nowMs: number }): void {
    this.#counts ??= new Uint32Array(this.#buckets * FIELDS);
    this.#rotate(call.nowMs);
    const at = (this.#present % this.#buckets) * FIELDS;
    const failed = call.isFailure ? 1 : 0;
    const slow = call.isSlow ? 1 : 0;
    // The three places exist: the ring has that many fields for each bucket.
    this.#counts[at] = (this.#counts[at] as number) + 1;
    this.#counts[at + 1] = (this.#counts[at + 1] as number) + failed;
    this.#counts[at + 2] = (this.#counts[at + 2] as number) + slow;
    this.#calls++;
    this.#failures += failed;
    this.#slow += slow;
  }

  figures(nowMs: number): WindowFigures {
    this.#rotate(nowMs);
    return { calls: this.#calls, failures: this.#failures, slow: this.#slow };
  }

  clear(): void {
    this.#counts?.fill(0);
    this.#calls = 0;
    this.#failures = 0;
    this.#slow = 0;
  }

  #rotate(nowMs: number): void {
    const present = Math.floor(nowMs / this.#bucketMs);
    const passed = present - this.#present;
    if (passed <= 0) return;
    this.#present = present;
    if (this.#counts === null) return;
    if (passed >= this.#buckets) {
      this.clear();
      return;
    }
    for (let bucket = present - passed + 1; bucket <= present; bucket++) this.#forget((bucket % this.#buckets) * FIELDS, this.#counts);
  }

  #forget(at: number, counts: Uint32Array): void {
    this.#calls -= counts[at] as number;
    this.#failures -= counts[at + 1] as number;
    this.#slow -= counts[at + 2] as number;
    counts.fill(0, at, at + FIELDS);
  }
}
