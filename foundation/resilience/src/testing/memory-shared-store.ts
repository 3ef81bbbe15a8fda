import { type Clock, OpsError } from '@breakwater/kernel';
import {
  applyHold,
  applyLease,
  applyOrder,
  applyReport,
  applyTokenRequest,
  applyVote,
  EMPTY_RECORD,
  type SharedRecord,
  type SharedTokens,
  toView,
} from '../shared-record.ts';
import type { SharedStore, SharedStoreListener, SharedView } from '../shared-store.ts';

/** What may become of a pushed view on its way to one listener: how many times it arrives, and after which delay each time. */
export type Delivery = (view: SharedView) => readonly number[];

/** One server in memory that several stores talk to, as several processes would talk to one Valkey. */
export interface MemorySharedServer {
  /** One connection of one process. */
  connect(): MemorySharedStore;
  /** Loses everything. */
  flush(): void;
  /** Goes back to what it knew then, as after a failover that lost writes. */
  snapshot(): () => void;
  record(key: string): SharedRecord;
}

export interface MemorySharedStore extends SharedStore {
  /** From now on every call fails and nothing is pushed. */
  cut(): void;
  heal(): void;
  /** Calls of each method so far. */
  readonly calls: Readonly<Record<'vote' | 'lease' | 'settle' | 'override' | 'hold' | 'exchange' | 'sync', number>>;
}

export function createMemorySharedServer(options: { readonly clock: Clock; readonly delivery?: Delivery }): MemorySharedServer {
  return new MemoryServer(options.clock, options.delivery ?? (() => [0]));
}

class MemoryServer implements MemorySharedServer {
  readonly clock: Clock;
  readonly #delivery: Delivery;
  readonly #stores = new Set<MemoryStore>();
  records = new Map<string, SharedRecord>();
  buckets = new Map<string, SharedTokens>();
  alive = new Map<string, number>();

  constructor(clock: Clock, delivery: Delivery) {
    this.clock = clock;
    this.#delivery = delivery;
  }

  connect(): MemorySharedStore {
    const store = new MemoryStore(this);
    this.#stores.add(store);
    return store;
  }

  flush(): void {
    this.records.clear();
    this.buckets.clear();
    this.alive.clear();
  }

  snapshot(): () => void {
    const records = new Map(this.records);
    return () => {
      this.records = new Map(records);
    };
  }

  record(key: string): SharedRecord {
    return this.records.get(key) ?? EMPTY_RECORD;
  }

  /** Milliseconds, with an offset of its own: nobody may take them for theirs. */
  now(): number {
    return this.clock.now() + 1_000_000;
  }

  change(key: string, act: (record: SharedRecord, nowMs: number) => SharedRecord): SharedView {
    const before = this.record(key);
    const nowMs = this.now();
    const after = act(before, nowMs);
    this.records.set(key, after);
    const view = toView(key, after, nowMs);
    if (after.epoch !== before.epoch || after.holdUntilMs !== before.holdUntilMs) for (const store of this.#stores) this.#push(store, view);
    return view;
  }

  #push(store: MemoryStore, view: SharedView): void {
    for (const delayMs of this.#delivery(view)) {
      if (delayMs === 0) store.push(view);
      else this.clock.after(delayMs, () => store.push(view));
    }
  }
}

class MemoryStore implements MemorySharedStore {
  readonly #server: MemoryServer;
  #listener: SharedStoreListener | null = null;
  #isCut = false;
  readonly calls = { vote: 0, lease: 0, settle: 0, override: 0, hold: 0, exchange: 0, sync: 0 };

  constructor(server: MemoryServer) {
    this.#server = server;
  }

  async vote(vote: Parameters<SharedStore['vote']>[0]): Promise<SharedView> {
    this.#count('vote');
    return this.#server.change(vote.key, (record, nowMs) => applyVote(record, vote, nowMs));
  }

  async lease(request: Parameters<SharedStore['lease']>[0]): Promise<{ readonly granted: boolean; readonly view: SharedView }> {
    this.#count('lease');
    let granted = false;
    const view = this.#server.change(request.key, (record, nowMs) => {
      const step = applyLease(record, request, nowMs);
      granted = step.granted;
      return step.record;
    });
    return { granted, view };
  }

  async settle(report: Parameters<SharedStore['settle']>[0]): Promise<SharedView> {
    this.#count('settle');
    return this.#server.change(report.key, (record, nowMs) => applyReport(record, report, nowMs));
  }

  async override(order: Parameters<SharedStore['override']>[0]): Promise<SharedView> {
    this.#count('override');
    return this.#server.change(order.key, (record, nowMs) => applyOrder(record, order, nowMs));
  }

  async hold(hold: Parameters<SharedStore['hold']>[0]): Promise<SharedView> {
    this.#count('hold');
    return this.#server.change(hold.key, (record, nowMs) => applyHold(record, hold, nowMs));
  }

  async exchange(request: Parameters<SharedStore['exchange']>[0]): Promise<number> {
    this.#count('exchange');
    const { granted, bucket } = applyTokenRequest(this.#server.buckets.get(request.key) ?? null, request, this.#server.now());
    this.#server.buckets.set(request.key, bucket);
    return granted;
  }

  async sync(request: Parameters<SharedStore['sync']>[0]): Promise<{ readonly instances: number; readonly views: readonly SharedView[] }> {
    this.#count('sync');
    const server = this.#server;
    const nowMs = server.now();
    server.alive.set(request.instance, nowMs + request.aliveMs);
    for (const [instance, untilMs] of server.alive) if (untilMs <= nowMs) server.alive.delete(instance);
    const busy = [...server.records].filter(([, { state }]) => state !== 'closed').map(([key]) => key);
    const keys = new Set([...request.keys, ...busy]);
    return { instances: server.alive.size, views: Array.from(keys, (key) => toView(key, server.record(key), nowMs)) };
  }

  async depart(instance: string): Promise<void> {
    this.#server.alive.delete(instance);
  }

  watch(listener: SharedStoreListener): () => void {
    this.#listener = listener;
    if (this.#isCut) listener.onDown(unreachable());
    else void Promise.resolve().then(() => listener.onUp());
    return () => {
      this.#listener = null;
    };
  }

  push(view: SharedView): void {
    if (!this.#isCut) this.#listener?.onView(view);
  }

  cut(): void {
    this.#isCut = true;
    this.#listener?.onDown(unreachable());
  }

  heal(): void {
    this.#isCut = false;
    this.#listener?.onUp();
  }

  #count(method: keyof MemoryStore['calls']): void {
    if (this.#isCut) throw unreachable();
    this.calls[method]++;
  }
}

function unreachable(): OpsError {
  return new OpsError({ code: 'COORDINATION_UNREACHABLE', message: 'The server in memory is cut off.' });
}
