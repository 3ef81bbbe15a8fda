import { type Clock, createId, type Random, systemClock, systemRandom, type TimerHandle } from '@breakwater/kernel';
import type { Breaker, BreakerOptions } from './breaker.ts';
import { tell } from './events.ts';
import { requireAbove, requireCount } from './invalid-spec.ts';
import type { RetryBudget, RetryBudgetSpec } from './retry-budget.ts';
import { SharedBreaker } from './shared-breaker.ts';
import { type LinkHost, SharedLink } from './shared-link.ts';
import { SharedRetryBudget } from './shared-retry-budget.ts';
import type { LeaseAnswer, SharedOpenTime, SharedOrder, SharedStore, SharedView } from './shared-store.ts';
import { SharedWrites } from './shared-writes.ts';
import type { BreakerSpec, GrowingOpenTime } from './spec.ts';

export interface SharedPolicy {
  /**
   * Processes that must find a server down before all leave it alone, so that one with a broken network cuts off only itself. Where fewer
   * are alive, all of these. 1: plain sharing. Default 2.
   */
  readonly quorum?: number;
  /** A vote counts for so long. Default 30,000. */
  readonly voteWindowMs?: number;
  /** How often everybody says that it is alive and asks for breakers that are not closed, give or take a fifth. Default 5,000. */
  readonly syncMs?: number;
  /** Longest wait for a lease; the only one in the way of a call. Default 50. */
  readonly leaseLimitMs?: number;
}

/** `degraded`: the store is out of reach, and each process decides alone. */
export type SharedStatus = 'connecting' | 'ok' | 'degraded';

export interface SharedFigures {
  readonly status: SharedStatus;
  /** Processes that are alive, as far as is known. */
  readonly instances: number;
  readonly breakers: number;
  /** Those that all together keep open, or are probing. */
  readonly notClosed: number;
  readonly waitingWrites: number;
  /** Writes that were given up: too many waited, or they waited too long. */
  readonly droppedWrites: number;
}

export type SharedStatusListener = (change: { readonly status: SharedStatus; readonly error: unknown }) => void;

export interface SharedBreakersOptions {
  readonly store: SharedStore;
  /** Unique among all processes. Default: a new id. */
  readonly instance?: string;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly policy?: SharedPolicy;
  /** Hears when the store gets out of reach, and when it is back; once each. */
  readonly onStatus?: SharedStatusListener;
}

export interface SharedBreakerParts {
  /** The same in all processes that share this breaker. */
  readonly key: string;
  readonly clock: Clock;
  readonly onChange: NonNullable<BreakerOptions['onChange']>;
  /** Somebody was asked by the server to wait. */
  readonly onHold: (forMs: number) => void;
}

/** Breakers that share their state with those of other processes. One timer and one subscription for all of them. */
export interface SharedBreakers {
  readonly instance: string;
  createBreaker(spec: BreakerSpec, parts: SharedBreakerParts): Breaker;
  /** Orders for all processes, also for a breaker that this one does not have. Rejects when the store is out of reach. */
  override(order: Omit<SharedOrder, 'forMs'> & { readonly forMs?: number | undefined }): Promise<SharedView>;
  /** A budget for repetitions that all processes draw from. */
  createRetryBudget(spec: RetryBudgetSpec, parts: { readonly key: string; readonly clock: Clock }): RetryBudget;
  figures(): SharedFigures;
  close(): Promise<void>;
}

const DEFAULTS: Required<SharedPolicy> = { quorum: 2, voteWindowMs: 30_000, syncMs: 5_000, leaseLimitMs: 50 };
/** Probes that fail make the opening longer up to here, where a specification names no growth of its own. */
const OPEN_CAP_MS = 300_000;
const MAX_LEASE_MS = 60_000;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 30_000;
const WRITE_EXPIRES_MS = 60_000;
/** Missed syncs after which a process counts as gone. */
const ALIVE_SYNCS = 3;

/** Throws `RESILIENCE_SPEC_INVALID`. */
export function createSharedBreakers(options: SharedBreakersOptions): SharedBreakers {
  const policy = { ...DEFAULTS, ...options.policy };
  requireCount(policy.quorum, 'shared.quorum');
  requireAbove(policy.voteWindowMs, 'shared.voteWindowMs');
  requireAbove(policy.syncMs, 'shared.syncMs');
  requireAbove(policy.leaseLimitMs, 'shared.leaseLimitMs');
  return new SharedState(options, policy);
}

class SharedState implements SharedBreakers, LinkHost {
  readonly instance: string;
  readonly #store: SharedStore;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #policy: Required<SharedPolicy>;
  readonly #onStatus: SharedStatusListener;
  readonly #links = new Map<string, SharedLink>();
  readonly #writes: SharedWrites;
  readonly #stopWatching: () => void;
  /** Links that may hold a lease that nobody uses. */
  readonly #leased = new Set<SharedLink>();
  /** Not closed when last heard of, of breakers that this process does not have yet. */
  #strangers = new Map<string, SharedView>();
  #instances = 1;
  #status: SharedStatus = 'connecting';
  #isReachable = false;
  #isWatching = false;
  /** The next sync is the first one after the connection was lost. */
  #isReconnecting = true;
  #isSyncing = false;
  #failures = 0;
  #serial = 0;
  #timer: TimerHandle | null = null;
  #isClosed = false;

  constructor(options: SharedBreakersOptions, policy: Required<SharedPolicy>) {
    this.instance = options.instance ?? createId();
    this.#store = options.store;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
    this.#policy = policy;
    this.#onStatus = options.onStatus ?? (() => undefined);
    this.#writes = new SharedWrites((error) => this.#fail(error));
    this.#stopWatching = this.#store.watch({
      onView: (view) => this.#apply(view, 'push'),
      onUp: () => {
        this.#isWatching = true;
        this.#isReconnecting = true;
        void this.#sync();
      },
      onDown: (error) => {
        this.#isWatching = false;
        this.#setStatus(error);
      },
    });
    this.#schedule(this.#policy.syncMs);
  }

  createBreaker(spec: BreakerSpec, parts: SharedBreakerParts): Breaker {
    const { key } = parts;
    const link = new SharedLink(
      {
        key,
        openTime: toOpenTime(spec.openMs),
        probes: spec.halfOpen?.probes ?? 1,
        successes: spec.halfOpen?.successes ?? 1,
        leaseMs: Math.min(MAX_LEASE_MS, spec.halfOpen?.leaseMs ?? MAX_LEASE_MS),
      },
      this,
    );
    const onLeave = (): void => {
      // Whoever came later under the same key has taken its place.
      if (this.#links.get(key) === link) this.#links.delete(key);
    };
    const breaker = new SharedBreaker(spec, { ...parts, link, onLeave });
    this.#links.set(key, link);
    const known = this.#strangers.get(key);
    if (known !== undefined) link.apply(known, 'push');
    this.#strangers.delete(key);
    return breaker;
  }

  override(order: Omit<SharedOrder, 'forMs'> & { readonly forMs?: number | undefined }): Promise<SharedView> {
    return this.#store.override({ ...order, forMs: order.forMs ?? null }).then((view) => {
      this.#apply(view, 'answer');
      return view;
    });
  }

  createRetryBudget(spec: RetryBudgetSpec, parts: { readonly key: string; readonly clock: Clock }): RetryBudget {
    return new SharedRetryBudget(spec, {
      ...parts,
      isReachable: () => this.#isReachable,
      exchange: async (request) => {
        try {
          return await this.#store.exchange(request);
        } catch (error) {
          this.#fail(error);
          return null;
        }
      },
    });
  }

  figures(): SharedFigures {
    let notClosed = 0;
    for (const { verdict } of this.#links.values()) if (verdict.kind !== 'closed') notClosed++;
    const { dropped, waiting } = this.#writes;
    const figures = { status: this.#status, instances: this.#instances, breakers: this.#links.size, notClosed };
    return { ...figures, waitingWrites: waiting, droppedWrites: dropped };
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#stopWatching();
    // Those who stay need not wait for it; a process that vanishes without a word counts as gone a little later.
    if (this.#isReachable) await this.#store.depart(this.instance).catch(() => undefined);
  }

  nowMs(): number {
    return this.#clock.now();
  }

  random(): number {
    return this.#random();
  }

  instances(): number {
    return this.#instances;
  }

  vote(link: SharedLink, reason: string): void {
    // A vote of somebody who cannot be heard is remembered by the link, and sent once the store is back.
    if (!this.#isReachable) return;
    const { quorum, voteWindowMs: windowMs } = this.#policy;
    const { key, openTime } = link.terms;
    const isAdded = this.#write(windowMs, async () => {
      const needed = Math.max(1, Math.min(quorum, this.#instances));
      return await this.#store.vote({ key, instance: this.instance, reason, needed, windowMs, openTime });
    });
    if (isAdded) link.owedVote = null;
  }

  async askLease(link: SharedLink): Promise<(LeaseAnswer & { readonly token: string }) | null> {
    if (!this.#isReachable) return null;
    const { key, leaseMs, probes } = link.terms;
    const token = `${this.instance}:${++this.#serial}`;
    const asked = this.#store.lease({ key, token, leaseMs, probes });
    let isLate = false;
    let timer: TimerHandle | undefined;
    const limit = new Promise<null>((resolve) => {
      timer = this.#clock.after(this.#policy.leaseLimitMs, () => {
        isLate = true;
        resolve(null);
      });
    });
    const answer = asked.then(
      (found) => {
        if (!isLate) return { ...found, token };
        // Nobody waits for it any longer; others should not either.
        if (found.granted) this.settle(link, { token, epoch: found.view.epoch }, 'none');
        return null;
      },
      (error: unknown) => {
        this.#fail(error);
        return null;
      },
    );
    const result = await Promise.race([answer, limit]);
    timer?.cancel();
    if (result?.granted === true) this.#leased.add(link);
    return result;
  }

  settle(link: SharedLink, lease: { readonly token: string; readonly epoch: number }, outcome: 'success' | 'failure' | 'none'): void {
    const { token, epoch } = lease;
    const { key, openTime, successes } = link.terms;
    this.#write(WRITE_EXPIRES_MS, () => this.#store.settle({ key, token, epoch, outcome, instance: this.instance, successes, openTime }));
  }

  order(link: SharedLink, order: Pick<SharedOrder, 'kind' | 'reason' | 'forMs'>): void {
    this.#write(WRITE_EXPIRES_MS, () => this.#store.override({ ...order, key: link.key, actor: this.instance }));
  }

  hold(link: SharedLink, forMs: number): void {
    const endsAtMs = this.#clock.now() + forMs;
    this.#write(forMs, () => this.#store.hold({ key: link.key, forMs: Math.max(1, endsAtMs - this.#clock.now()) }));
  }

  #write(lastsMs: number, send: () => Promise<SharedView>): boolean {
    const isAdded = this.#writes.add({
      expiresAtMs: this.#clock.now() + lastsMs,
      send: async () => this.#apply(await send(), 'answer'),
    });
    if (this.#isReachable) void this.#writes.resume(() => this.#clock.now());
    return isAdded;
  }

  #apply(view: SharedView, source: 'push' | 'answer' | 'reconnect'): void {
    const link = this.#links.get(view.key);
    if (link !== undefined) link.apply(view, source);
    else if (view.state === 'closed') this.#strangers.delete(view.key);
    else this.#noteStranger(view);
  }

  #noteStranger(view: SharedView): void {
    const known = this.#strangers.get(view.key);
    if (known === undefined || view.epoch > known.epoch) this.#strangers.set(view.key, view);
  }

  async #sync(): Promise<void> {
    if (this.#isSyncing || this.#isClosed) return;
    this.#isSyncing = true;
    const source = this.#isReconnecting ? 'reconnect' : 'answer';
    const nowMs = this.#clock.now();
    for (const link of this.#leased) {
      link.returnUnused(nowMs);
      if (!link.hasUnusedLease) this.#leased.delete(link);
    }
    try {
      const keys = [...this.#links.values()].filter(({ verdict }) => verdict.kind !== 'closed').map(({ key }) => key);
      const { instances, views } = await this.#store.sync({ instance: this.instance, aliveMs: this.#policy.syncMs * ALIVE_SYNCS, keys });
      this.#instances = Math.max(1, instances);
      this.#strangers = new Map();
      for (const view of views) this.#apply(view, source);
      this.#isReachable = true;
      this.#isReconnecting = false;
      this.#failures = 0;
      this.#setStatus(null);
      this.#voteLate();
      void this.#writes.resume(() => this.#clock.now());
      this.#schedule(this.#policy.syncMs * (0.8 + this.#random() * 0.4));
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#isSyncing = false;
    }
  }

  /** What could not be said at the time. */
  #voteLate(): void {
    for (const link of this.#links.values()) {
      if (link.owedVote !== null) this.vote(link, link.owedVote);
    }
  }

  /** The store is out of reach: nobody asks it before a pause that grows, and everybody decides alone. */
  #fail(error: unknown): void {
    if (this.#isClosed) return;
    this.#isReachable = false;
    this.#isReconnecting = true;
    const delayMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 16);
    this.#setStatus(error);
    this.#schedule(delayMs * (0.5 + this.#random() / 2));
  }

  #setStatus(error: unknown): void {
    const status = this.#isReachable && this.#isWatching ? 'ok' : error === null ? this.#status : 'degraded';
    if (status === this.#status || this.#isClosed) return;
    this.#status = status;
    tell(this.#onStatus, { status, error });
  }

  #schedule(delayMs: number): void {
    this.#timer?.cancel();
    if (this.#isClosed) return;
    this.#timer = this.#clock.after(delayMs, () => void this.#sync());
  }
}

function toOpenTime(openMs: number | GrowingOpenTime): SharedOpenTime {
  if (typeof openMs !== 'number') return openMs;
  return { firstMs: openMs, factor: 2, capMs: Math.max(openMs, OPEN_CAP_MS) };
}
