import type { GrowingOpenTime } from './spec.ts';

export type KeptState = 'closed' | 'open' | 'half-open';

/** A moment in three clocks, of which one is right later: within a boot the monotonic one, after it the wall clock. */
export interface HostInstant {
  readonly bootId: string;
  /** CLOCK_MONOTONIC: the same for all processes of one boot. */
  readonly monotonicMs: number;
  readonly wallMs: number;
}

export interface KeptFailure {
  /** Class of the failure, for example `transient`. */
  readonly kind: string;
  /** Which known pattern it matched. */
  readonly pattern: string | null;
  readonly text: string;
  readonly host: string | null;
  readonly atWallMs: number;
}

/** Leave to probe, with everything by which another process can tell that the prober is gone. */
export interface KeptLease {
  readonly token: string;
  readonly pid: number;
  /** When that process started, as the system says it: process ids are used again. */
  readonly startedAt: string;
  readonly takenAt: HostInstant;
  readonly lastsMs: number;
}

/** A breaker that outlives the process, as a store keeps it. */
export interface KeptRecord {
  readonly scope: string;
  readonly service: string;
  readonly machineId: string;
  readonly state: KeptState;
  /** Numbers the transitions; what began in an earlier period no longer counts. */
  readonly period: number;
  readonly failures: number;
  /** Successful probes since it became half-open. */
  readonly successes: number;
  /** Openings since it was last closed. */
  readonly streak: number;
  readonly openedAt: HostInstant | null;
  readonly openMs: number;
  readonly activeAt: HostInstant;
  readonly lease: KeptLease | null;
  readonly lastFailure: KeptFailure | null;
  readonly totals: { readonly calls: number; readonly failures: number; readonly opens: number; readonly rejected: number };
  /** The last order of a person. */
  readonly order: { readonly who: string; readonly reason: string; readonly atWallMs: number } | null;
}

export interface KeptTransition {
  readonly scope: string;
  readonly service: string;
  readonly from: KeptState;
  readonly to: KeptState;
  readonly cause: 'failures' | 'probe' | 'time' | 'by-hand';
  readonly who: string | null;
  readonly reason: string;
  readonly atWallMs: number;
}

export interface KeptBreakerSpec {
  readonly failures: number;
  readonly openMs: number | GrowingOpenTime;
  readonly successes: number;
}

/** Who asks, and when. */
export interface KeptAsker {
  readonly at: HostInstant;
  readonly pid: number;
  readonly startedAt: string;
  /** Null: there is no such process. */
  startOf(pid: number): string | null;
}

export type KeptDecision =
  /** `token`: of the lease; null while the breaker is closed. */
  | { readonly kind: 'admitted'; readonly period: number; readonly token: string | null }
  | { readonly kind: 'rejected'; readonly because: 'open' | 'probe-running'; readonly retryAfterMs: number };

export interface KeptStep<Result> {
  readonly record: KeptRecord;
  readonly transition: KeptTransition | null;
  readonly result: Result;
}

/** After so long without a call, a few failures of long ago say nothing any more. */
const IDLE_MS = 3_600_000;
const MAX_TEXT = 200;

export function createKeptRecord(
  key: { readonly scope: string; readonly service: string; readonly machineId: string },
  at: HostInstant,
): KeptRecord {
  return {
    ...key,
    state: 'closed',
    period: 1,
    failures: 0,
    successes: 0,
    streak: 0,
    openedAt: null,
    openMs: 0,
    activeAt: at,
    lease: null,
    lastFailure: null,
    totals: { calls: 0, failures: 0, opens: 0, rejected: 0 },
    order: null,
  };
}

/**
 * Milliseconds since then. After another boot only the wall clock is left, and it may have been set: an age below zero means that it says
 * nothing, so whatever waited has waited long enough.
 */
export function ageMs(then: HostInstant, now: HostInstant): number {
  if (then.bootId === now.bootId) return Math.max(0, now.monotonicMs - then.monotonicMs);
  const age = now.wallMs - then.wallMs;
  return age < 0 ? Number.POSITIVE_INFINITY : age;
}

/** 0 when a probe may be sent. */
export function remainingMs(record: KeptRecord, now: HostInstant): number {
  if (record.state !== 'open' || record.openedAt === null) return 0;
  return Math.max(0, record.openMs - ageMs(record.openedAt, now));
}

export function isLeaseAlive(lease: KeptLease, asker: KeptAsker): boolean {
  if (lease.takenAt.bootId !== asker.at.bootId || ageMs(lease.takenAt, asker.at) >= lease.lastsMs) return false;
  return asker.startOf(lease.pid) === lease.startedAt;
}

/** Decides and takes the lease in one step; a store runs it in one transaction. */
export function admitKept(
  found: KeptRecord,
  asker: KeptAsker,
  lease: { readonly token: string; readonly lastsMs: number },
): KeptStep<KeptDecision> {
  const record = forgetIdle(found, asker.at);
  const retryAfterMs = remainingMs(record, asker.at);
  if (record.state === 'closed') return admitted(record, asker, null);
  if (retryAfterMs > 0) return rejected(record, { because: 'open', retryAfterMs });
  if (record.lease !== null && isLeaseAlive(record.lease, asker)) {
    const left = record.lease.lastsMs - ageMs(record.lease.takenAt, asker.at);
    return rejected(record, { because: 'probe-running', retryAfterMs: Math.max(0, left) });
  }
  const { pid, startedAt } = asker;
  const taken = { token: lease.token, lastsMs: lease.lastsMs, pid, startedAt, takenAt: asker.at };
  const isNew = record.state === 'open';
  const next: KeptRecord = isNew
    ? { ...record, state: 'half-open', period: record.period + 1, successes: 0, lease: taken }
    : { ...record, lease: taken };
  const step = admitted(next, asker, lease.token);
  return {
    ...step,
    transition: isNew ? toTransition(record, next, { cause: 'time', reason: 'the open time is over', at: asker.at }) : null,
  };
}

export interface KeptOutcome {
  readonly period: number;
  readonly token: string | null;
  /** `none`: nothing was sent, or it says nothing about the service. */
  readonly kind: 'success' | 'failure' | 'none';
  readonly failure?: Omit<KeptFailure, 'atWallMs'> | undefined;
}

/** What began before the last transition changes nothing but the totals. */
export function settleKept(
  found: KeptRecord,
  outcome: KeptOutcome,
  options: { readonly spec: KeptBreakerSpec; readonly at: HostInstant },
): KeptStep<void> {
  const { at, spec } = options;
  const record = noteOutcome(found, outcome, at);
  if (record.period !== outcome.period || outcome.kind === 'none') {
    return unchanged(outcome.token !== null && record.lease?.token === outcome.token ? { ...record, lease: null } : record);
  }
  if (record.state === 'half-open') {
    return record.lease?.token === outcome.token ? settleProbe({ ...record, lease: null }, outcome, { spec, at }) : unchanged(record);
  }
  if (record.state === 'open') return unchanged(record);
  if (outcome.kind === 'success') return unchanged({ ...record, failures: 0 });
  const failed = { ...record, failures: record.failures + 1 };
  if (failed.failures < spec.failures) return unchanged(failed);
  return open(failed, { cause: 'failures', reason: `${failed.failures} failures`, at, openMs: toOpenMs(spec.openMs, failed.streak) });
}

export function resetKept(found: KeptRecord, order: { readonly who: string; readonly reason: string }, at: HostInstant): KeptStep<void> {
  const { reason, who } = order;
  const next = { ...close(found), activeAt: at, order: { who, reason, atWallMs: at.wallMs } };
  return { record: next, transition: toTransition(found, next, { cause: 'by-hand', who, reason, at }), result: undefined };
}

export function tripKept(
  found: KeptRecord,
  order: { readonly who: string; readonly reason: string; readonly forMs: number },
  at: HostInstant,
): KeptStep<void> {
  const { forMs, reason, who } = order;
  const step = open(found, { cause: 'by-hand', who, reason, at, openMs: forMs });
  return { ...step, record: { ...step.record, order: { who, reason, atWallMs: at.wallMs } } };
}

function settleProbe(
  record: KeptRecord,
  outcome: KeptOutcome,
  options: { readonly spec: KeptBreakerSpec; readonly at: HostInstant },
): KeptStep<void> {
  const { at, spec } = options;
  if (outcome.kind === 'failure') {
    return open(record, { cause: 'probe', reason: 'the probe failed', at, openMs: toOpenMs(spec.openMs, record.streak) });
  }
  const successes = record.successes + 1;
  if (successes < spec.successes) return unchanged({ ...record, successes });
  const next = close(record);
  return {
    record: next,
    transition: toTransition(record, next, { cause: 'probe', reason: 'the probes succeeded', at }),
    result: undefined,
  };
}

function open(
  record: KeptRecord,
  why: {
    readonly cause: KeptTransition['cause'];
    readonly who?: string;
    readonly reason: string;
    readonly at: HostInstant;
    readonly openMs: number;
  },
): KeptStep<void> {
  const next: KeptRecord = {
    ...record,
    state: 'open',
    period: record.period + 1,
    successes: 0,
    streak: record.streak + 1,
    openedAt: why.at,
    openMs: why.openMs,
    activeAt: why.at,
    lease: null,
    totals: { ...record.totals, opens: record.totals.opens + 1 },
  };
  return { record: next, transition: toTransition(record, next, why), result: undefined };
}

function close(record: KeptRecord): KeptRecord {
  return {
    ...record,
    state: 'closed',
    period: record.period + 1,
    failures: 0,
    successes: 0,
    streak: 0,
    openedAt: null,
    openMs: 0,
    lease: null,
  };
}

function forgetIdle(record: KeptRecord, at: HostInstant): KeptRecord {
  return record.state === 'closed' && record.failures > 0 && ageMs(record.activeAt, at) >= IDLE_MS ? { ...record, failures: 0 } : record;
}

/** Failures that count at that moment. */
export function countFailures(record: KeptRecord, at: HostInstant): number {
  return forgetIdle(record, at).failures;
}

function admitted(record: KeptRecord, asker: KeptAsker, token: string | null): KeptStep<KeptDecision> {
  const next = { ...record, activeAt: asker.at, totals: { ...record.totals, calls: record.totals.calls + 1 } };
  return { record: next, transition: null, result: { kind: 'admitted', period: next.period, token } };
}

function rejected(
  record: KeptRecord,
  why: { readonly because: 'open' | 'probe-running'; readonly retryAfterMs: number },
): KeptStep<KeptDecision> {
  const totals = { ...record.totals, rejected: record.totals.rejected + 1 };
  return { record: { ...record, totals }, transition: null, result: { kind: 'rejected', ...why } };
}

function noteOutcome(record: KeptRecord, outcome: KeptOutcome, at: HostInstant): KeptRecord {
  if (outcome.kind !== 'failure') return { ...record, activeAt: at };
  const { failure } = outcome;
  const lastFailure =
    failure === undefined ? record.lastFailure : { ...failure, text: failure.text.slice(0, MAX_TEXT), atWallMs: at.wallMs };
  return { ...record, activeAt: at, lastFailure, totals: { ...record.totals, failures: record.totals.failures + 1 } };
}

const unchanged = (record: KeptRecord): KeptStep<void> => ({ record, transition: null, result: undefined });

function toTransition(
  from: KeptRecord,
  to: KeptRecord,
  why: { readonly cause: KeptTransition['cause']; readonly who?: string; readonly reason: string; readonly at: HostInstant },
): KeptTransition {
  const { scope, service } = from;
  const { at, cause, reason, who = null } = why;
  return { scope, service, from: from.state, to: to.state, cause, who, reason: reason.slice(0, MAX_TEXT), atWallMs: at.wallMs };
}

function toOpenMs(openMs: number | GrowingOpenTime, streak: number): number {
  return typeof openMs === 'number' ? openMs : Math.min(openMs.capMs, openMs.firstMs * openMs.factor ** streak);
}
