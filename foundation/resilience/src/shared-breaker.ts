import { Breaker, type BreakerOptions, NO_PERMIT } from './breaker.ts';
import type { BreakerChange, BreakerSnapshot, BreakerStateKind } from './breaker-report.ts';
import type { SharedLease, SharedLink } from './shared-link.ts';
import type { SharedView } from './shared-store.ts';
import type { SharedVerdict } from './shared-verdict.ts';
import type { BreakerMode, BreakerSpec } from './spec.ts';
import type { Verdict } from './verdict.ts';

/** Longest time for which the wish of one server to be left alone is passed on. */
const MAX_HOLD_MS = 60_000;

export interface SharedBreakerOptions extends BreakerOptions {
  readonly link: SharedLink;
  readonly onHold: (forMs: number) => void;
  readonly onLeave: () => void;
}

/**
 * A breaker that also follows what other processes found. Its own states stay as they are; the stricter of the two counts. Nothing here
 * waits for anybody: the verdict of the others lies in memory.
 */
export class SharedBreaker extends Breaker {
  readonly #clock: BreakerOptions['clock'];
  readonly #tell: (change: BreakerChange) => void;
  readonly #link: SharedLink;
  readonly #onLeave: () => void;
  readonly #successes: number;
  /** Probes under a lease, by their permits. These are negative, because a closed breaker gives all its calls the same one. */
  readonly #probes = new Map<number, { readonly permit: number; readonly lease: SharedLease }>();
  #serial = 0;
  #openedAtWallMs: number | null = null;
  /** The mode to return to when somebody puts the breaker back into service for all. */
  #ownMode: BreakerMode | null = null;

  constructor(spec: BreakerSpec, options: SharedBreakerOptions) {
    const { link } = options;
    super(spec, {
      clock: options.clock,
      onChange: (change) => {
        link.heard(change);
        options.onChange?.(change);
      },
    });
    this.#clock = options.clock;
    this.#tell = (change) => options.onChange?.(change);
    this.#link = link;
    this.#onLeave = options.onLeave;
    this.#successes = spec.halfOpen?.successes ?? 1;
    link.listen({ onVerdict: (change) => this.#follow(change), onHold: options.onHold });
  }

  override get isAlone(): boolean {
    return false;
  }

  override get state(): BreakerStateKind {
    const gate = this.#link.gate(this.#clock.now());
    if (gate === 'free') return super.state;
    if (gate === 'blocked' || super.state === 'open') return 'open';
    return this.#link.verdict.kind === 'open' ? 'open' : 'half-open';
  }

  override mayAdmit(nowMs: number): boolean {
    const gate = this.#link.gate(nowMs);
    if (gate === 'blocked' || (gate === 'probe' && !this.#link.mayProbe(nowMs))) return false;
    return super.mayAdmit(nowMs);
  }

  override admit(nowMs: number, leaseMs?: number): number {
    const gate = this.#link.gate(nowMs);
    if (gate === 'free') return super.admit(nowMs, leaseMs);
    const lease = gate === 'probe' && super.mayAdmit(nowMs) ? this.#link.takeLease(nowMs) : null;
    const permit = lease === null ? NO_PERMIT : super.admit(nowMs, leaseMs);
    if (lease === null) {
      super.countRejection();
      return NO_PERMIT;
    }
    if (permit === NO_PERMIT) {
      this.#link.settle(lease, 'none');
      return NO_PERMIT;
    }
    const token = -++this.#serial;
    this.#probes.set(token, { permit, lease });
    if (super.state === 'closed') this.#tell({ kind: 'breaker.half-opened' });
    return token;
  }

  override awaitLease(onAnswered: () => void): boolean {
    const nowMs = this.#clock.now();
    return super.mayAdmit(nowMs) && this.#link.ask(nowMs, onAnswered);
  }

  override passOn({ retryAfterMs = 0 }: Extract<Verdict, { kind: 'throttled' }>): void {
    if (retryAfterMs > 0) this.#link.hold(Math.min(MAX_HOLD_MS, retryAfterMs));
  }

  override settle(permit: number, verdict: Verdict, times: { readonly nowMs: number; readonly startedAtMs: number }): void {
    const probe = permit < 0 ? this.#probes.get(permit) : undefined;
    if (probe === undefined) {
      super.settle(permit, verdict, times);
      return;
    }
    this.#probes.delete(permit);
    super.settle(probe.permit, verdict, times);
    this.#link.settle(probe.lease, this.judgeProbe(verdict, times));
  }

  override retryAfterMs(nowMs: number): number {
    return Math.max(super.retryAfterMs(nowMs), this.#link.retryAfterMs(nowMs));
  }

  override reset(reason: string): void {
    super.reset(reason);
    // The others hear of it as the end of a disabling; here the link has forgotten that already.
    this.#returnToService();
    this.#link.order({ kind: 'reset', reason, forMs: null });
  }

  override trip(reason: string): void {
    super.trip(reason);
    this.#link.order({ kind: 'trip', reason, forMs: super.retryAfterMs(this.#clock.now()) });
  }

  override isolate(reason: string, options: { readonly expiresMs?: number | undefined } = {}): void {
    super.isolate(reason, options);
    this.#link.order({ kind: 'isolate', reason, forMs: options.expiresMs ?? null });
  }

  override leave(): void {
    this.#onLeave();
  }

  override snapshot(): BreakerSnapshot {
    const own = super.snapshot();
    const nowMs = this.#clock.now();
    const { state } = this;
    const retryAfterMs = this.retryAfterMs(nowMs);
    return {
      ...own,
      state,
      retryAfterMs: state === 'open' && Number.isFinite(retryAfterMs) ? retryAfterMs : null,
      openedAtWallMs: own.openedAtWallMs ?? (state === 'closed' ? null : this.#openedAtWallMs),
      shared: this.#link.report(),
    };
  }

  #follow(change: { readonly from: SharedVerdict; readonly to: SharedVerdict; readonly view: SharedView | null }): void {
    const { from, to, view } = change;
    if (to.kind !== 'disabled') this.#returnToService();
    switch (to.kind) {
      case 'open':
      case 'isolated':
        this.#openedAtWallMs = this.#clock.wall();
        if (super.state === 'closed') this.#tellOpened(to);
        break;
      case 'closed':
        this.#openedAtWallMs = null;
        this.#close(from, view);
        break;
      case 'disabled':
        this.#ownMode ??= this.mode;
        super.setMode('disabled');
        break;
      case 'half-open':
        break;
    }
  }

  #tellOpened(to: { readonly untilMs: number; readonly reason: string }): void {
    const { failures } = super.snapshot();
    const openMs = Math.max(0, to.untilMs - this.#clock.now());
    this.#tell({ kind: 'breaker.opened', failures, from: 'closed', openMs, cause: 'shared', reason: to.reason });
  }

  /** The probes of all have shown that the server is well, or somebody said so: what this process found before no longer counts. */
  #close(from: SharedVerdict, view: SharedView | null): void {
    const isOwnClosed = super.state === 'closed';
    const isClosing = from.kind !== 'closed' && from.kind !== 'disabled';
    if (view?.cause === 'hand') {
      if (!isOwnClosed || isClosing) super.reset(view.reason);
    } else if (isOwnClosed) {
      if (isClosing) this.#tell({ kind: 'breaker.closed', successes: this.#successes });
    } else if (view !== null && view.epoch > 0 && !this.#isHeldByHand()) {
      super.reset(view.reason);
    }
  }

  /** Somebody has isolated it in this process alone, because nobody else could be told. */
  #isHeldByHand(): boolean {
    return super.snapshot().byHand !== null && super.retryAfterMs(this.#clock.now()) > 0;
  }

  #returnToService(): void {
    if (this.#ownMode !== null) super.setMode(this.#ownMode);
    this.#ownMode = null;
  }
}
