import type { BreakerChange } from './breaker-report.ts';
import type { LeaseAnswer, OrderKind, SharedOpenTime, SharedView } from './shared-store.ts';
import { CLOSED_VERDICT, type SharedVerdict, type SharedVerdictReport, toHoldMs, toVerdict } from './shared-verdict.ts';

/** Leave to send one probe. `token` is null where this process decided alone, because the store is out of reach. */
export interface SharedLease {
  readonly token: string | null;
  readonly epoch: number;
  readonly lapsesAtMs: number;
  readonly takenAtMs: number;
}

/** What of a breaker the others must know. */
export interface SharedTerms {
  readonly key: string;
  readonly openTime: SharedOpenTime;
  readonly probes: number;
  readonly successes: number;
  readonly leaseMs: number;
}

/** What a link needs of the process it lives in. */
export interface LinkHost {
  nowMs(): number;
  /** 0 to 1. */
  random(): number;
  /** Processes that are alive, as far as is known. */
  instances(): number;
  vote(link: SharedLink, reason: string): void;
  /** Null: no answer in time. */
  askLease(link: SharedLink): Promise<(LeaseAnswer & { readonly token: string }) | null>;
  settle(link: SharedLink, lease: { readonly token: string; readonly epoch: number }, outcome: 'success' | 'failure' | 'none'): void;
  order(link: SharedLink, order: { readonly kind: OrderKind; readonly reason: string; readonly forMs: number | null }): void;
  hold(link: SharedLink, forMs: number): void;
}

/** Hears what changes; state has changed already. */
export interface LinkListener {
  onVerdict(change: { readonly from: SharedVerdict; readonly to: SharedVerdict; readonly view: SharedView | null }): void;
  onHold(forMs: number): void;
}

/** How a view came: pushed by the store, as the answer to a question, or as the first one after the connection was lost. */
export type ViewSource = 'push' | 'answer' | 'reconnect';

export type LinkGate = 'free' | 'blocked' | 'probe';

/** After a refusal nobody asks again before this has passed; up to as much more by chance, so that processes do not ask together. */
const ASK_AGAIN_MS = 500;
/** A lease that no call uses is given back, so that others may probe. */
const UNUSED_MS = 1_000;

const NOBODY_LISTENS: LinkListener = { onVerdict: () => undefined, onHold: () => undefined };

/** The verdict of all on one breaker, as this process knows it, and its leases. No timer, no I/O of its own. */
export class SharedLink {
  readonly terms: SharedTerms;
  readonly #host: LinkHost;
  #listener: LinkListener = NOBODY_LISTENS;
  #verdict: SharedVerdict = CLOSED_VERDICT;
  #view: SharedView | null = null;
  #lease: SharedLease | null = null;
  #isAsking = false;
  #askAgainAtMs = Number.NEGATIVE_INFINITY;
  #heldUntilMs = 0;
  /** This process has tripped and nobody knows yet: why. */
  owedVote: string | null = null;

  constructor(terms: SharedTerms, host: LinkHost) {
    this.terms = terms;
    this.#host = host;
  }

  get key(): string {
    return this.terms.key;
  }

  get verdict(): SharedVerdict {
    return this.#verdict;
  }

  get hasUnusedLease(): boolean {
    return this.#lease !== null;
  }

  listen(listener: LinkListener): void {
    this.#listener = listener;
  }

  /** What the others say to a call now. */
  gate(nowMs: number): LinkGate {
    const verdict = this.#verdict;
    switch (verdict.kind) {
      case 'closed':
      case 'disabled':
        return 'free';
      case 'isolated':
        return nowMs < verdict.untilMs ? 'blocked' : 'free';
      case 'open':
        return nowMs < verdict.untilMs ? 'blocked' : 'probe';
      case 'half-open':
        return 'probe';
    }
  }

  retryAfterMs(nowMs: number): number {
    const verdict = this.#verdict;
    if ((verdict.kind === 'open' || verdict.kind === 'isolated') && nowMs < verdict.untilMs) return verdict.untilMs - nowMs;
    if (this.gate(nowMs) !== 'probe' || this.mayProbe(nowMs)) return 0;
    return Math.max(0, this.#askAgainAtMs - nowMs);
  }

  /** Whether a lease is at hand. */
  mayProbe(nowMs: number): boolean {
    return this.#lease !== null && nowMs < this.#lease.lapsesAtMs;
  }

  takeLease(nowMs: number): SharedLease | null {
    const lease = this.mayProbe(nowMs) ? this.#lease : null;
    this.#lease = null;
    return lease;
  }

  /** True: `onAnswered` is called soon. */
  ask(nowMs: number, onAnswered: () => void): boolean {
    if (this.gate(nowMs) !== 'probe' || this.mayProbe(nowMs) || this.#isAsking || nowMs < this.#askAgainAtMs) return false;
    this.#isAsking = true;
    void this.#ask().finally(() => {
      this.#isAsking = false;
      onAnswered();
    });
    return true;
  }

  /** Gives back what no call has used. */
  returnUnused(nowMs: number): void {
    const lease = this.#lease;
    if (lease === null || nowMs - lease.takenAtMs < UNUSED_MS) return;
    this.#lease = null;
    const { token, epoch } = lease;
    if (token !== null) this.#host.settle(this, { token, epoch }, 'none');
  }

  settle(lease: SharedLease, outcome: 'success' | 'failure' | 'none'): void {
    const { token, epoch } = lease;
    if (token !== null) {
      this.#host.settle(this, { token, epoch }, outcome);
    } else if (outcome === 'success') {
      this.#change(CLOSED_VERDICT, null);
    } else if (outcome === 'failure' && (this.#verdict.kind === 'open' || this.#verdict.kind === 'half-open')) {
      const untilMs = this.#host.nowMs() + this.terms.openTime.firstMs;
      this.#change({ kind: 'open', untilMs, reason: 'the probe failed' }, null);
    }
  }

  /** What the breaker of this process did by itself. */
  heard(change: BreakerChange): void {
    if (change.kind === 'breaker.opened' && change.cause !== 'by-hand' && this.#verdict.kind === 'closed') {
      this.owedVote = change.cause === 'slow-rate' ? 'too many slow calls' : `${change.failures} failures`;
      this.#host.vote(this, this.owedVote);
    } else if (change.kind === 'breaker.closed' || change.kind === 'breaker.reset') {
      this.owedVote = null;
    }
  }

  order(order: { readonly kind: OrderKind; readonly reason: string; readonly forMs: number | null }): void {
    this.owedVote = null;
    if (order.kind === 'reset') {
      this.#lease = null;
      this.#verdict = CLOSED_VERDICT;
    }
    this.#host.order(this, order);
  }

  /** The server has asked somebody here to wait. */
  hold(forMs: number): void {
    this.#listener.onHold(forMs);
    this.#host.hold(this, forMs);
  }

  apply(view: SharedView, source: ViewSource): void {
    const nowMs = this.#host.nowMs();
    this.#applyHold(view, source);
    const known = this.#view;
    if (known !== null && !isNewer(view, known, source)) {
      this.#tighten(view, { known, nowMs });
      return;
    }
    this.#view = view;
    // While nobody could be asked this process may have decided otherwise; what all say counts again.
    if (view.epoch === (known?.epoch ?? 0) && view.state === this.#verdict.kind) return;
    // A lease belongs to its period.
    this.#lease = null;
    this.#askAgainAtMs = Number.NEGATIVE_INFINITY;
    this.#change(toVerdict(view, nowMs), view);
  }

  report(): SharedVerdictReport {
    const { kind } = this.#verdict;
    const reason = this.#verdict.kind === 'closed' ? '' : this.#verdict.reason;
    return { state: kind, reason, actor: this.#view?.actor ?? '', epoch: this.#view?.epoch ?? 0, streak: this.#view?.streak ?? 0 };
  }

  async #ask(): Promise<void> {
    const answer = await this.#host.askLease(this);
    const nowMs = this.#host.nowMs();
    const { leaseMs } = this.terms;
    if (answer === null) {
      // Nobody can be asked. So that not every process probes, each does with this chance.
      if (this.#host.random() * this.#host.instances() < 1) {
        this.#lease = { token: null, epoch: 0, lapsesAtMs: nowMs + leaseMs, takenAtMs: nowMs };
      } else {
        this.#askAgainLater(nowMs);
      }
      return;
    }
    this.apply(answer.view, 'answer');
    if (answer.granted) {
      this.#lease = { token: answer.token, epoch: answer.view.epoch, lapsesAtMs: nowMs + leaseMs, takenAtMs: nowMs };
    } else {
      this.#askAgainLater(nowMs);
    }
  }

  #askAgainLater(nowMs: number): void {
    this.#askAgainAtMs = nowMs + ASK_AGAIN_MS * (1 + this.#host.random());
  }

  /** The same hold comes with every view of a breaker. */
  #applyHold(view: SharedView, source: ViewSource): void {
    const holdMs = toHoldMs(view);
    if (holdMs <= 0 || (view.holdUntilMs <= this.#heldUntilMs && source !== 'reconnect')) return;
    this.#heldUntilMs = view.holdUntilMs;
    this.#listener.onHold(holdMs);
  }

  /** A message that was long under way made the opening seem to last longer than it does. */
  #tighten(view: SharedView, options: { readonly known: SharedView; readonly nowMs: number }): void {
    const verdict = this.#verdict;
    if (view.epoch !== options.known.epoch || verdict.kind !== 'open' || view.state !== 'open') return;
    const again = toVerdict(view, options.nowMs);
    if (again.kind === 'open' && again.untilMs < verdict.untilMs) this.#verdict = again;
  }

  #change(to: SharedVerdict, view: SharedView | null): void {
    const from = this.#verdict;
    this.#verdict = to;
    if (to.kind !== 'closed') this.owedVote = null;
    this.#listener.onVerdict({ from, to, view });
  }
}

/**
 * Messages are fenced by their epoch. A lower one is believed only where it cannot be an old message: read after what is known, or first
 * after a lost connection, when another store may have taken over with less than all writes.
 */
function isNewer(view: SharedView, known: SharedView, source: ViewSource): boolean {
  if (view.epoch > known.epoch) return true;
  if (source === 'reconnect') return true;
  return view.epoch < known.epoch && source === 'answer' && view.atMs > known.atMs;
}
