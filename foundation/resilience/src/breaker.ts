import type { Clock } from '@breakwater/kernel';
import type { BreakerChange, BreakerSnapshot, BreakerStateKind, HandOpening, OpeningCause } from './breaker-report.ts';
import { invalidSpec, requireCount } from './invalid-spec.ts';
import { type BreakerMode, type BreakerSpec, toOpenMs } from './spec.ts';
import { toTrips } from './trip.ts';
import { type FailureCount, TripWindows } from './trip-windows.ts';
import { isBreakerFailure, type Verdict } from './verdict.ts';

type State =
  | { readonly kind: 'closed'; readonly failures: number }
  /** `count`: what opened it. */
  | { readonly kind: 'open'; readonly untilMs: number; readonly count: FailureCount; readonly byHand: HandOpening | null }
  /** `leases`: when each probe's permit lapses, by token. */
  | { readonly kind: 'half-open'; readonly leases: Map<number, number>; readonly count: FailureCount; successes: number };

/** A trip that is reached. */
type Reached = FailureCount & { readonly cause: OpeningCause };

const CLOSED: State = { kind: 'closed', failures: 0 };

/** What a breaker remembers of failures and openings. */
interface Troubles {
  lastFailureMs: number;
  lastFailureAtWallMs: number | null;
  openedAtWallMs: number | null;
  /** Openings since it was last closed. */
  streak: number;
  opens: number;
}

/** No permit: what `admit` answers while the breaker rejects. Permits are positive. */
export const NO_PERMIT = 0;

const DEFAULT_LEASE_MS = 60_000;

export type ProbeFinding = 'success' | 'failure' | 'none';

export interface BreakerOptions {
  readonly clock: Clock;
  onChange?(change: BreakerChange): void;
}

/**
 * A circuit breaker without I/O and without timers: `admit` before a call, `settle` after it.
 *
 * A permit is a number. One counter numbers transitions and probes alike, so that a permit tells which period it belongs to: a
 * result of a call that began before the last transition is dropped, whatever it says.
 */
export class Breaker {
  readonly #spec: BreakerSpec;
  readonly #owner: BreakerOptions;
  #failureThreshold: number;
  readonly #leaseMs: number;
  /** Null where no trip looks at a window, so that the usual breaker pays one comparison for all of this. */
  readonly #windows: TripWindows | null;
  #mode: BreakerMode;
  /** In `metrics-only` mode: the trip is reached, and has been told. */
  #isReached = false;
  #state: State = CLOSED;
  #serial = 1;
  /** Serial of the last transition. */
  #period = 1;
  /** Made with the first failure or opening: most servers of a large fleet have none. */
  #troubles: Troubles | null = null;
  #rejected = 0;
  #admitted = 0;

  constructor(spec: BreakerSpec, owner: BreakerOptions, options: { readonly leaseMs?: number | undefined } = {}) {
    this.#spec = spec;
    this.#owner = owner;
    const trips = toTrips(spec.trip);
    const windows = trips.filter((trip) => trip.kind !== 'consecutive');
    this.#failureThreshold = trips.find((trip) => trip.kind === 'consecutive')?.failures ?? Number.POSITIVE_INFINITY;
    this.#windows = windows.length === 0 ? null : new TripWindows(windows);
    this.#mode = spec.mode ?? 'active';
    this.#leaseMs = options.leaseMs ?? spec.halfOpen?.leaseMs ?? DEFAULT_LEASE_MS;
  }

  /** False: others decide too, so that every call has to ask at its own time. */
  get isAlone(): boolean {
    return true;
  }

  /** Whether `settle` looks at the times of successes too, or at when an attempt began. */
  get needsTimes(): boolean {
    return this.#windows !== null || this.#lumpMs > 0;
  }

  get #successThreshold(): number {
    return this.#spec.halfOpen?.successes ?? 1;
  }

  get #lumpMs(): number {
    return this.#spec.lumpMs ?? 0;
  }

  /** Openings since it was last closed. */
  get #streak(): number {
    return this.#troubles?.streak ?? 0;
  }

  get state(): BreakerStateKind {
    return this.#state.kind;
  }

  get mode(): BreakerMode {
    return this.#mode;
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
      if (this.#mode !== 'active') {
        // Only somebody can have opened it, and nothing a probe says would count.
        this.#resetHere('the time set by hand is over');
        return this.#admitHere(nowMs, leaseMs);
      }
      this.#enter({ kind: 'half-open', leases: new Map(), count: this.#state.count, successes: 0 });
      this.#owner.onChange?.({ kind: 'breaker.half-opened' });
      // Whoever heard it may have reset the breaker.
      return this.#admitHere(nowMs, leaseMs);
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

  /**
   * True: it is being found out whether a probe may be sent, and `onAnswered` is called soon; look again then. Only a breaker that shares
   * its state with other processes ever has to ask.
   */
  awaitLease(_onAnswered: () => void): boolean {
    return false;
  }

  /** Its pipeline is closed. */
  leave(): void {}

  /** What the end of a probe says about the server; a slow one speaks against it. */
  judgeProbe(verdict: Verdict, times: { readonly nowMs: number; readonly startedAtMs: number }): ProbeFinding {
    if (verdict.kind === 'success') return this.#windows?.isSlow(times) === true ? 'failure' : 'success';
    return isBreakerFailure(verdict) ? 'failure' : 'none';
  }

  /** Whether it was given while closed, with no transition since. */
  isOfThisPeriod(permit: number): boolean {
    return permit === this.#period;
  }

  /** What the server asks for by a throttled answer. Nothing where nobody else follows this breaker. */
  passOn(_verdict: Extract<Verdict, { kind: 'throttled' }>): void {}

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
      this.#settleProbe(state, permit, verdict, times);
    }
  }

  /** Milliseconds until probes are admitted; 0 unless open; `Infinity` until somebody resets it. */
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
    this.#close();
    this.#owner.onChange?.({ kind: 'breaker.reset', reason });
  }

  /** Opens it by hand, as a trip would: probes are admitted after its open time. */
  trip(reason: string): void {
    this.#openByHand(reason, toOpenMs(this.#spec.openMs, this.#streak));
  }

  /** Keeps everybody away, probes included, until `expiresMs` have passed or somebody resets it. */
  isolate(reason: string, options: { readonly expiresMs?: number | undefined } = {}): void {
    const { expiresMs = Number.POSITIVE_INFINITY } = options;
    if (!(expiresMs > 0)) throw invalidSpec(`expiresMs of an isolation must be above 0, not ${expiresMs}.`);
    this.#openByHand(reason, expiresMs);
  }

  /** Other than `active`: closes it, unless it was opened by hand. */
  setMode(mode: BreakerMode): void {
    if (mode === this.#mode) return;
    this.#mode = mode;
    const state = this.#state;
    // What was counted in another mode must not open it later.
    if (state.kind === 'closed') this.#close();
    else if (state.kind === 'half-open' || state.byHand === null) this.#resetHere(`now ${mode}`);
  }

  /** What was counted stays, so a threshold below it opens with the next failure and not by itself. */
  setFailureThreshold(failures: number): void {
    requireCount(failures, 'failures');
    if (!Number.isFinite(this.#failureThreshold)) throw invalidSpec('This breaker has no trip by failures in a row.');
    this.#failureThreshold = failures;
  }

  snapshot(): BreakerSnapshot {
    const state = this.#state;
    const nowMs = this.#owner.clock.now();
    const { failures, threshold } = this.#count(nowMs);
    return {
      state: state.kind,
      mode: this.#mode,
      byHand: state.kind === 'open' ? state.byHand : null,
      failures,
      failureThreshold: Number.isFinite(this.#failureThreshold) ? this.#failureThreshold : threshold,
      failureRate: this.#windows?.highestRate('failures', nowMs) ?? null,
      slowRate: this.#windows?.highestRate('slow', nowMs) ?? null,
      successes: state.kind === 'half-open' ? state.successes : 0,
      successThreshold: this.#successThreshold,
      openMs: toOpenMs(this.#spec.openMs, Math.max(0, this.#streak - 1)),
      retryAfterMs: state.kind === 'open' && Number.isFinite(state.untilMs) ? Math.max(0, state.untilMs - nowMs) : null,
      openedAtWallMs: state.kind === 'closed' ? null : this.#remember().openedAtWallMs,
      lastFailureAtWallMs: this.#troubles?.lastFailureAtWallMs ?? null,
      opens: this.#troubles?.opens ?? 0,
      rejected: this.#rejected,
      admitted: this.#admitted,
    };
  }

  #settleClosed(
    state: Extract<State, { kind: 'closed' }>,
    verdict: Verdict,
    times: { readonly nowMs: number; readonly startedAtMs: number },
  ): void {
    if (this.#mode === 'disabled') return;
    let { failures } = state;
    if (verdict.kind === 'success') {
      if (failures > 0) this.#state = CLOSED;
      if (this.#windows === null && !this.#isReached) return;
      failures = 0;
    } else if (isBreakerFailure(verdict)) {
      const isNew = !this.#isSameBurst(times);
      this.#noteFailure(times.nowMs);
      if (isNew) this.#state = { kind: 'closed', failures: ++failures };
    } else {
      return;
    }
    const threshold = this.#failureThreshold;
    const byRate = this.#windows === null ? null : this.#windows.add(verdict, times);
    const reached: Reached | null = failures >= threshold ? { cause: 'consecutive', failures, threshold } : byRate;
    if (this.#mode !== 'active') this.#noteReached(reached);
    else if (reached !== null) this.#open(reached, { from: 'closed', nowMs: times.nowMs, cause: reached.cause });
  }

  /** The attempt began before the previous failure and failed shortly after it. */
  #isSameBurst(times: { readonly nowMs: number; readonly startedAtMs: number }): boolean {
    const lastFailureMs = this.#troubles?.lastFailureMs ?? Number.NEGATIVE_INFINITY;
    return this.#lumpMs > 0 && times.startedAtMs < lastFailureMs && times.nowMs - lastFailureMs <= this.#lumpMs;
  }

  #noteReached(reached: Reached | null): void {
    const wasReached = this.#isReached;
    this.#isReached = reached !== null;
    if (reached === null || wasReached) return;
    this.#owner.onChange?.({ kind: 'breaker.would-open', failures: reached.failures, cause: reached.cause });
  }

  #settleProbe(
    state: Extract<State, { kind: 'half-open' }>,
    permit: number,
    verdict: Verdict,
    times: { readonly nowMs: number; readonly startedAtMs: number },
  ): void {
    // A lapsed probe is no longer in the map, but it was sent in this period, so what it found still counts.
    state.leases.delete(permit);
    const finding = this.judgeProbe(verdict, times);
    if (finding === 'success') {
      state.successes++;
      if (state.successes >= this.#successThreshold) {
        const { successes } = state;
        this.#close();
        this.#owner.onChange?.({ kind: 'breaker.closed', successes });
      }
    } else if (finding === 'failure') {
      if (verdict.kind !== 'success') this.#noteFailure(times.nowMs);
      this.#open(state.count, { from: 'half-open', nowMs: times.nowMs, cause: 'probe' });
    }
  }

  #open(
    count: FailureCount,
    options: { readonly from: 'closed' | 'half-open'; readonly nowMs: number; readonly cause: OpeningCause },
  ): void {
    const { from, cause } = options;
    const openMs = toOpenMs(this.#spec.openMs, this.#streak);
    this.#noteOpening();
    this.#enter({ kind: 'open', untilMs: options.nowMs + openMs, count, byHand: null });
    this.#owner.onChange?.({ kind: 'breaker.opened', failures: count.failures, from, openMs, cause });
  }

  #openByHand(reason: string, openMs: number): void {
    const { kind: from } = this.#state;
    const nowMs = this.#owner.clock.now();
    const count = this.#count(nowMs);
    this.#noteOpening();
    this.#enter({ kind: 'open', untilMs: nowMs + openMs, count, byHand: { reason, untilWallMs: this.#owner.clock.wall() + openMs } });
    this.#owner.onChange?.({ kind: 'breaker.opened', failures: count.failures, from, openMs, cause: 'by-hand', reason });
  }

  #noteOpening(): void {
    const troubles = this.#remember();
    troubles.streak++;
    troubles.opens++;
    troubles.openedAtWallMs = this.#owner.clock.wall();
  }

  #remember(): Troubles {
    this.#troubles ??= {
      lastFailureMs: Number.NEGATIVE_INFINITY,
      lastFailureAtWallMs: null,
      openedAtWallMs: null,
      streak: 0,
      opens: 0,
    };
    return this.#troubles;
  }

  #close(): void {
    if (this.#troubles !== null) this.#troubles.streak = 0;
    this.#isReached = false;
    this.#windows?.clear();
    this.#enter(CLOSED);
  }

  /** While closed, how near it is to opening; later, what opened it. */
  #count(nowMs: number): FailureCount {
    const state = this.#state;
    if (state.kind !== 'closed') return state.count;
    if (this.#windows !== null && !Number.isFinite(this.#failureThreshold)) return this.#windows.nearest(nowMs);
    return { failures: state.failures, threshold: this.#failureThreshold };
  }

  /** As everybody else would, but without those who share this breaker: what time or a mode does is no order of anybody. */
  #resetHere(reason: string): void {
    Breaker.prototype.reset.call(this, reason);
  }

  #admitHere(nowMs: number, leaseMs: number): number {
    return Breaker.prototype.admit.call(this, nowMs, leaseMs);
  }

  #enter(state: State): void {
    this.#state = state;
    this.#period = ++this.#serial;
  }

  #noteFailure(nowMs: number): void {
    const troubles = this.#remember();
    troubles.lastFailureMs = nowMs;
    troubles.lastFailureAtWallMs = this.#owner.clock.wall();
  }

  #freeProbes(leases: Map<number, number>, nowMs: number): number {
    for (const [token, lapsesAtMs] of leases) {
      if (lapsesAtMs <= nowMs) leases.delete(token);
    }
    return (this.#spec.halfOpen?.probes ?? 1) - leases.size;
  }
}
