import { createId } from '@breakwater/kernel';
import {
  admitKept,
  countFailures,
  createKeptRecord,
  type HostInstant,
  isLeaseAlive,
  type KeptAsker,
  type KeptBreakerSpec,
  type KeptDecision,
  type KeptFailure,
  type KeptOutcome,
  type KeptRecord,
  type KeptStep,
  type KeptTransition,
  remainingMs,
  resetKept,
  settleKept,
  tripKept,
} from './kept-record.ts';

/** The computer a command runs on. */
export interface KeptHost {
  /** Of this installation of the system: a copied state is recognized by it. */
  readonly machineId: string;
  readonly pid: number;
  now(): HostInstant;
  /** When a process started, in a form that only has to be the same each time. Null: there is no such process. */
  startOf(pid: number): string | null;
}

export interface KeptKey {
  readonly scope: string;
  readonly service: string;
}

/** Where breakers are kept between commands. An implementation must pass `describeKeptStore` of `@breakwater/resilience/testing`. */
export interface KeptStore {
  /** One transaction: nobody else changes this breaker between what `change` is given and what it gives back. */
  update<Result>(key: KeptKey, change: (found: KeptRecord | null) => KeptStep<Result>): Result;
  /** In the order of scope and service. */
  list(): readonly KeptRecord[];
  /** Latest first. */
  transitions(options: { readonly limit: number }): readonly KeptTransition[];
}

export interface KeptPermit {
  readonly kind: 'admitted';
  /** Whether this is the one probe of a half-open breaker. */
  readonly isProbe: boolean;
  /** Says what became of it. Only the first time counts. */
  settle(kind: KeptOutcome['kind'], failure?: Omit<KeptFailure, 'atWallMs'>): void;
}

export type KeptAdmission = KeptPermit | Extract<KeptDecision, { kind: 'rejected' }>;

export interface KeptStatus extends KeptKey {
  /** What a call would find now: `probe-due` admits one probe. */
  readonly state: 'closed' | 'open' | 'probe-due' | 'probe-running';
  /** Until a probe may be sent, or the present one is given up; 0 otherwise. */
  readonly retryAfterMs: number;
  readonly failures: number;
  readonly failureThreshold: number;
  readonly openedAtWallMs: number | null;
  readonly lastFailure: KeptFailure | null;
  readonly totals: KeptRecord['totals'];
  readonly order: KeptRecord['order'];
}

export interface KeptOrder {
  readonly who: string;
  readonly reason: string;
}

/** Circuit breakers for commands that live a second: the same rules as a pipeline's breaker, with the state outside of the process. */
export interface KeptBreakers {
  /** `operationMs`: how long the operation may take; a probe that takes 30 s longer is given up. */
  admit(service: string, options: { readonly operationMs: number }): KeptAdmission;
  /** Changes nothing. */
  status(): readonly KeptStatus[];
  /** Closes it and takes a lease back that is out. */
  reset(service: string, order: KeptOrder): void;
  /** Opens it for a time; after it a probe is sent as usual. */
  trip(service: string, order: KeptOrder & { readonly forMs: number }): void;
  /** Of all scopes, latest first. */
  transitions(options?: { readonly limit?: number }): readonly KeptTransition[];
}

export interface KeptBreakersOptions {
  readonly store: KeptStore;
  readonly host: KeptHost;
  readonly spec: KeptBreakerSpec;
  /** `local`, or whom the commands act upon. */
  readonly scope?: string;
}

const LEASE_MARGIN_MS = 30_000;

export function createKeptBreakers(options: KeptBreakersOptions): KeptBreakers {
  const { host, scope = 'local', spec, store } = options;
  const update = <Result>(service: string, change: (record: KeptRecord, at: HostInstant) => KeptStep<Result>): Result =>
    // The clock is read inside: waiting for the transaction may take seconds.
    store.update({ scope, service }, (found) => {
      const at = host.now();
      return change(found ?? createKeptRecord({ scope, service, machineId: host.machineId }, at), at);
    });
  const asker = (at: HostInstant): KeptAsker => ({
    at,
    pid: host.pid,
    startedAt: host.startOf(host.pid) ?? '',
    startOf: (pid) => host.startOf(pid),
  });
  return {
    admit(service, { operationMs }) {
      const lease = { token: createId(), lastsMs: operationMs + LEASE_MARGIN_MS };
      const decision = update(service, (record, at) => admitKept(record, asker(at), lease));
      if (decision.kind === 'rejected') return decision;
      const { period, token } = decision;
      let isSettled = false;
      return {
        kind: 'admitted',
        isProbe: token !== null,
        settle(kind, failure) {
          if (isSettled) return;
          isSettled = true;
          update(service, (record, at) => settleKept(record, { period, token, kind, failure }, { spec, at }));
        },
      };
    },
    status() {
      const at = host.now();
      return store
        .list()
        .filter((record) => record.scope === scope)
        .map((record) => toStatus(record, { asker: asker(at), spec }));
    },
    reset: (service, order) => update(service, (record, at) => resetKept(record, order, at)),
    trip: (service, order) => update(service, (record, at) => tripKept(record, order, at)),
    transitions: ({ limit = 100 } = {}) => store.transitions({ limit }),
  };
}

function toStatus(record: KeptRecord, options: { readonly asker: KeptAsker; readonly spec: KeptBreakerSpec }): KeptStatus {
  const { asker, spec } = options;
  const { lastFailure, lease, openedAt, order, scope, service, totals } = record;
  const isProbing = lease !== null && isLeaseAlive(lease, asker);
  const retryAfterMs = isProbing ? lease.lastsMs - (asker.at.monotonicMs - lease.takenAt.monotonicMs) : remainingMs(record, asker.at);
  const state = record.state === 'closed' ? 'closed' : isProbing ? 'probe-running' : retryAfterMs > 0 ? 'open' : 'probe-due';
  return {
    scope,
    service,
    state,
    retryAfterMs,
    failures: countFailures(record, asker.at),
    failureThreshold: spec.failures,
    openedAtWallMs: openedAt?.wallMs ?? null,
    lastFailure,
    totals,
    order,
  };
}

/** For a command that may not write anything: what it learns is gone with it. */
export function createMemoryKeptStore(
  options: { readonly maxTransitions?: number; readonly records?: readonly KeptRecord[] } = {},
): KeptStore {
  const { maxTransitions = 500, records = [] } = options;
  const kept = new Map(records.map((record) => [toName(record), record]));
  const transitions: KeptTransition[] = [];
  return {
    update(key, change) {
      const { record, result, transition } = change(kept.get(toName(key)) ?? null);
      kept.set(toName(key), record);
      if (transition !== null) transitions.unshift(transition);
      transitions.splice(maxTransitions);
      return result;
    },
    list: () => [...kept].toSorted(([one], [two]) => (one < two ? -1 : 1)).map(([, record]) => record),
    transitions: ({ limit }) => transitions.slice(0, limit),
  };
}

const toName = ({ scope, service }: KeptKey): string => `${scope}\u0000${service}`;
