/**
 * What all processes together say of one breaker. `isolated`: somebody keeps everybody away, probes included. `disabled`: somebody has
 * taken the breaker out of service for all.
 */
export type SharedState = 'closed' | 'open' | 'half-open' | 'isolated' | 'disabled';

/** One breaker as the store holds it. Times are the store's own, so that no two hosts compare their clocks. */
export interface SharedView {
  readonly key: string;
  /** Grows with every transition, also across a store that has lost everything. 0: the store knows nothing of this breaker. */
  readonly epoch: number;
  readonly state: SharedState;
  /** Whether a person is behind the present state. */
  readonly cause: 'rule' | 'hand';
  /** Open: probes are admitted from then on. Isolated: it ends then; null: when somebody resets it. Otherwise null. */
  readonly untilMs: number | null;
  /** Openings since it was last closed. */
  readonly streak: number;
  readonly reason: string;
  /** The process or the person behind the present state. */
  readonly actor: string;
  /** Nobody should call before that; 0 when nobody has been asked to wait. */
  readonly holdUntilMs: number;
  /** Instant at which all of this was so. */
  readonly atMs: number;
}

/** How long the verdict stays open: longer with each probe that failed, the same for everybody. */
export interface SharedOpenTime {
  readonly firstMs: number;
  readonly factor: number;
  readonly capMs: number;
}

export interface SharedVote {
  readonly key: string;
  /** A process has one vote, however often it votes. */
  readonly instance: string;
  readonly reason: string;
  /** Votes that open the verdict. */
  readonly needed: number;
  /** A vote counts for so long. */
  readonly windowMs: number;
  readonly openTime: SharedOpenTime;
}

export interface LeaseRequest {
  readonly key: string;
  /** Unique; names the lease when it is settled. */
  readonly token: string;
  readonly leaseMs: number;
  /** Leases at the same time, over all processes. */
  readonly probes: number;
}

export interface LeaseAnswer {
  readonly granted: boolean;
  readonly view: SharedView;
}

export interface ProbeReport {
  readonly key: string;
  readonly token: string;
  /** Of the period in which the lease was taken; in any other the report says nothing. */
  readonly epoch: number;
  /** `none`: the probe was not sent, or says nothing about the server; the lease is given back. */
  readonly outcome: 'success' | 'failure' | 'none';
  readonly instance: string;
  /** Successful probes that close the verdict. */
  readonly successes: number;
  readonly openTime: SharedOpenTime;
}

export type OrderKind = 'reset' | 'trip' | 'isolate' | 'disable';

export interface SharedOrder {
  readonly key: string;
  readonly kind: OrderKind;
  readonly actor: string;
  readonly reason: string;
  /** `trip`: until probes are admitted. `isolate`: until it ends, null: until somebody resets it. Otherwise without meaning. */
  readonly forMs: number | null;
}

export interface SharedHold {
  readonly key: string;
  readonly forMs: number;
}

export interface TokenRequest {
  readonly key: string;
  /** Tokens that the calls of this process have earned since its last request. */
  readonly earned: number;
  /** Whole tokens asked for. */
  readonly wanted: number;
  readonly capacity: number;
  readonly perSecond: number;
}

export interface SyncRequest {
  readonly instance: string;
  /** Without another sync the process counts as gone after this time. */
  readonly aliveMs: number;
  readonly keys: readonly string[];
}

export interface SyncAnswer {
  /** Processes that are alive, the asking one included. */
  readonly instances: number;
  /** Of the keys asked for, and of all breakers that are not closed. */
  readonly views: readonly SharedView[];
}

export interface SharedStoreListener {
  /** May come twice, late or not at all. */
  onView(view: SharedView): void;
  /** Views arrive from now on; some may have been missed. */
  onUp(): void;
  onDown(error: unknown): void;
}

/**
 * State that several processes share. Every method is one atomic step, and rejects soon when the store is out of reach: callers never
 * wait for it. An implementation must pass `describeSharedStore` of `@breakwater/resilience/testing`.
 */
export interface SharedStore {
  vote(vote: SharedVote): Promise<SharedView>;
  lease(request: LeaseRequest): Promise<LeaseAnswer>;
  settle(report: ProbeReport): Promise<SharedView>;
  override(order: SharedOrder): Promise<SharedView>;
  hold(hold: SharedHold): Promise<SharedView>;
  /** Puts earned tokens into the common bucket and takes some out; gives how many. */
  exchange(request: TokenRequest): Promise<number>;
  sync(request: SyncRequest): Promise<SyncAnswer>;
  /** The process ends: it no longer counts. */
  depart(instance: string): Promise<void>;
  /** Gives a function that ends it. */
  watch(listener: SharedStoreListener): () => void;
}
