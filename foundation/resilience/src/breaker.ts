import type { Clock } from '@breakwater/kernel';
import type { BreakerSpec, GrowingOpenTime } from './spec.ts';
import type { Verdict } from './verdict.ts';

export type BreakerStateKind = 'closed' | 'open' | 'half-open';

export interface BreakerSnapshot {
  readonly state: BreakerStateKind;
  /** Failures that count towards opening; while not closed, those that opened it. */
  readonly failures: number;
  readonly failureThreshold: number;
  /** Successful probes since it became half-open. */
  readonly successes: number;
  readonly successThreshold: number;
  /** Open time of the present or next opening. */
  readonly openMs: number;
  /** Null unless open. */
  readonly retryAfterMs: number | null;
  readonly openedAtWallMs: number | null;
  readonly lastFailureAtWallMs: number | null;
  /** How often it has opened since the start. */
  readonly opens: number;
  readonly rejected: number;
  /** Attempts it has admitted. */
  readonly admitted: number;
}

export type BreakerChange =
  | { readonly kind: 'breaker.opened'; readonly failures: number; readonly from: 'closed' | 'half-open'; readonly openMs: number }
  | { readonly kind: 'breaker.half-opened' }
  | { readonly kind: 'breaker.closed'; readonly successes: number }
  | { readonly kind: 'breaker.reset'; readonly reason: string };

type State =
  | { readonly kind: 'closed'; failures: number }
  | { readonly kind: 'open'; readonly untilMs: number; readonly failures: number }
  /** `leases`: when each probe's permit lapses, by token. */
  | { readonly kind: 'half-open'; readonly leases: Map<number, number>; readonly failures: number; successes: number };

/** No permit: what `admit` answers while the breaker rejects. Permits are positive. */
export const NO_PERMIT = 0;

const DEFAULT_LEASE_MS = 60_000;

export interface BreakerOptions {
  readonly clock: Clock;
  readonly onChange?: ((change: BreakerChange) => void) | undefined;
}

/**
 * A circuit breaker without I/O and without timers: `admit` before a call, `settle` after it.
 *
 * A permit is a number. One counter numbers transitions and probes alike, so that a permit tells which period it belongs to: a
 * result of a call that began before the last transition is dropped, whatever it says.
 */
export class Breaker {
  readonly #spec: BreakerSpec;
  readonly #clock: Clock;
  readonly #onChange: ((change: BreakerChange) => void) | undefined;
  readonly #failureThreshold: number;
  readonly #successThreshold: number;
  readonly #probes: number;
  readonly #leaseMs: number;
  readonly #lumpMs: number;
  #state: State = { kind: 'closed', failures: 0 };
  #serial = 1;
  /** Serial of the last transition. */
  #period = 1;
  /** Openings since it was last closed. */
  #streak = 0;
  #lastFailureMs = Number.NEGATIVE_INFINITY;
  #openedAtWallMs: number | null = null;
  #lastFailureAtWallMs: number | null = null;
  #opens = 0;
  #rejected = 0;
  #admitted = 0;

  constructor(spec: BreakerSpec, options: BreakerOptions) {
    this.#spec = spec;
    this.#clock = options.clock;
    this.#onChange = options.onChange;
    this.#failureThreshold = spec.trip.failures;
    this.#successThreshold = spec.halfOpen?.successes ?? 1;
    this.#probes = spec.halfOpen?.probes ?? 1;
    this.#leaseMs = spec.halfOpen?.leaseMs ?? DEFAULT_LEASE_MS;
    this.#lumpMs = spec.lumpMs ?? 0;
  }

  get state(): BreakerStateKind {
    return this.#state.kind;
  }

  /** Whether `admit` would give a permit now. Takes none. */
  mayAdmit(nowMs: number): boolean {
    const state = this.#state;
    if (state.kind === 'closed') return true;
    if (state.kind === 'open') return nowMs >= state.untilMs;
    return this.#freeProbes(state.leases, nowMs) > 0;
  }

  /** A permit, or `NO_PERMIT`. In half-open a permit is a lease: it lapses after `leaseMs`. */
  admit(nowMs: number, leaseMs: number = this.#leaseMs): number {
    if (this.#state.kind === 'closed') {
      this.#admitted++;
      return this.#period;
    }
    if (this.#state.kind === 'open' && nowMs >= this.#state.untilMs) {
      this.#enter({ kind: 'half-open', leases: new Map(), failures: this.#state.failures, successes: 0 });
      this.#onChange?.({ kind: 'breaker.half-opened' });
      // Whoever heard it may have reset the breaker.
      return this.admit(nowMs, leaseMs);
    }
    if (this.#state.kind === 'half-open' && this.#freeProbes(this.#state.leases, nowMs) > 0) {
      const token = ++this.#serial;
      this.#state.leases.set(token, nowMs + leaseMs);
      this.#admitted++;
      return token;
    }
    this.#rejected++;
    return NO_PERMIT;
  }

  /** Counts a rejection that was decided by `mayAdmit`. */
  countRejection(): void {
    this.#rejected++;
  }

  /** Reports what became of a permit, once. `startedAtMs`: when its attempt began. */
  settle(permit: number, verdict: Verdict, times: { readonly nowMs: number; readonly startedAtMs: number }): void {
    const state = this.#state;
    if (state.kind === 'closed') {
      if (permit === this.#period) this.#settleClosed(state, verdict, times);
    } else if (state.kind === 'half-open' && permit > this.#period) {
      this.#settleProbe(state, permit, verdict, times.nowMs);
    }
  }

  /** Milliseconds until probes are admitted; 0 unless open. */
  retryAfterMs(nowMs: number): number {
    const state = this.#state;
    if (state.kind === 'open') return Math.max(0, state.untilMs - nowMs);
    if (state.kind === 'half-open' && this.#freeProbes(state.leases, nowMs) === 0) {
      // Not longer than the present lease: a probe ends sooner or later, and its end is nobody's promise.
      return Math.max(0, Math.min(...state.leases.values()) - nowMs);
    }
    return 0;
  }

  /** Closes it by hand and forgets what was counted. Results of calls that are under way no longer matter. */
  reset(reason: string): void {
    this.#streak = 0;
    this.#enter({ kind: 'closed', failures: 0 });
    this.#onChange?.({ kind: 'breaker.reset', reason });
  }

  snapshot(): BreakerSnapshot {
    const state = this.#state;
    return {
      state: state.kind,
      failures: state.failures,
      failureThreshold: this.#failureThreshold,
      successes: state.kind === 'half-open' ? state.successes : 0,
      successThreshold: this.#successThreshold,
      openMs: toOpenMs(this.#spec.openMs, Math.max(0, this.#streak - (state.kind === 'closed' ? 0 : 1))),
      retryAfterMs: state.kind === 'open' ? Math.max(0, state.untilMs - this.#clock.now()) : null,
      openedAtWallMs: state.kind === 'closed' ? null : this.#openedAtWallMs,
      lastFailureAtWallMs: this.#lastFailureAtWallMs,
      opens: this.#opens,
      rejected: this.#rejected,
      admitted: this.#admitted,
    };
  }

  #settleClosed(
    state: Extract<State, { kind: 'closed' }>,
    verdict: Verdict,
    times: { readonly nowMs: number; readonly startedAtMs: number },
  ): void {
    if (verdict.kind === 'success') {
      state.failures = 0;
    } else if (isBreakerFailure(verdict)) {
      const isSameBurst = times.startedAtMs < this.#lastFailureMs && times.nowMs - this.#lastFailureMs <= this.#lumpMs;
      this.#noteFailure(times.nowMs);
      if (isSameBurst && this.#lumpMs > 0) return;
      state.failures++;
      if (state.failures >= this.#failureThreshold) this.#open(state.failures, { from: 'closed', nowMs: times.nowMs });
    }
  }

  #settleProbe(state: Extract<State, { kind: 'half-open' }>, permit: number, verdict: Verdict, nowMs: number): void {
    // A lapsed probe is no longer in the map, but it was sent in this period, so what it found still counts.
    state.leases.delete(permit);
    if (verdict.kind === 'success') {
      state.successes++;
      if (state.successes >= this.#successThreshold) {
        const { successes } = state;
        this.#streak = 0;
        this.#enter({ kind: 'closed', failures: 0 });
        this.#onChange?.({ kind: 'breaker.closed', successes });
      }
    } else if (isBreakerFailure(verdict)) {
      this.#noteFailure(nowMs);
      this.#open(state.failures, { from: 'half-open', nowMs });
    }
  }

  #open(failures: number, options: { readonly from: 'closed' | 'half-open'; readonly nowMs: number }): void {
    const openMs = toOpenMs(this.#spec.openMs, this.#streak);
    this.#streak++;
    this.#opens++;
    this.#openedAtWallMs = this.#clock.wall();
    this.#enter({ kind: 'open', untilMs: options.nowMs + openMs, failures });
    this.#onChange?.({ kind: 'breaker.opened', failures, from: options.from, openMs });
  }

  #enter(state: State): void {
    this.#state = state;
    this.#period = ++this.#serial;
  }

  #noteFailure(nowMs: number): void {
    this.#lastFailureMs = nowMs;
    this.#lastFailureAtWallMs = this.#clock.wall();
  }

  #freeProbes(leases: Map<number, number>, nowMs: number): number {
    for (const [token, lapsesAtMs] of leases) {
      if (lapsesAtMs <= nowMs) leases.delete(token);
    }
    return this.#probes - leases.size;
  }
}

/** Failures, throttling and timeouts speak against the server; `ignored` and `canceled` say nothing about it. */
function isBreakerFailure(verdict: Verdict): boolean {
  return verdict.kind === 'failure' || verdict.kind === 'throttled' || verdict.kind === 'timeout';
}

function toOpenMs(openMs: number | GrowingOpenTime, streak: number): number {
  if (typeof openMs === 'number') return openMs;
  return Math.min(openMs.capMs, openMs.firstMs * openMs.factor ** streak);
}
