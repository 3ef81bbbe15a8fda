import type {
  LeaseRequest,
  ProbeReport,
  SharedHold,
  SharedOpenTime,
  SharedOrder,
  SharedState,
  SharedView,
  SharedVote,
  TokenRequest,
} from './shared-store.ts';

/** A breaker as a store keeps it. */
export interface SharedRecord {
  readonly state: SharedState;
  readonly cause: 'rule' | 'hand';
  readonly epoch: number;
  readonly untilMs: number | null;
  readonly streak: number;
  /** Successful probes since it became half-open. */
  readonly successes: number;
  readonly reason: string;
  readonly actor: string;
  readonly holdUntilMs: number;
  /** When each process voted. */
  readonly votes: ReadonlyMap<string, number>;
  /** When each lease lapses, by token. */
  readonly leases: ReadonlyMap<string, number>;
}

export interface LeaseStep {
  readonly granted: boolean;
  readonly record: SharedRecord;
}

const NOBODY: ReadonlyMap<string, number> = new Map();

export const EMPTY_RECORD: SharedRecord = {
  state: 'closed',
  cause: 'rule',
  epoch: 0,
  untilMs: null,
  streak: 0,
  successes: 0,
  reason: '',
  actor: '',
  holdUntilMs: 0,
  votes: NOBODY,
  leases: NOBODY,
};

/** Counts only while closed: in any other state it is the probes that decide. */
export function applyVote(found: SharedRecord, vote: SharedVote, nowMs: number): SharedRecord {
  const record = endIsolation(found, nowMs);
  if (record.state !== 'closed') return record;
  const votes = new Map([...record.votes].filter(([, atMs]) => atMs > nowMs - vote.windowMs));
  votes.set(vote.instance, nowMs);
  if (votes.size < vote.needed) return { ...record, votes };
  return open(record, { nowMs, openTime: vote.openTime, reason: vote.reason, actor: vote.instance });
}

export function applyLease(found: SharedRecord, request: LeaseRequest, nowMs: number): LeaseStep {
  let record = endIsolation(found, nowMs);
  if (record.state === 'open' && record.untilMs !== null && nowMs >= record.untilMs) {
    record = enter(record, nowMs, { state: 'half-open', cause: record.cause });
  }
  if (record.state !== 'half-open') return { granted: false, record };
  const leases = new Map([...record.leases].filter(([, lapsesAtMs]) => lapsesAtMs > nowMs));
  if (leases.size >= request.probes) return { granted: false, record };
  leases.set(request.token, nowMs + request.leaseMs);
  return { granted: true, record: { ...record, leases } };
}

/** A report from another period, or of a lease that is no longer known, changes nothing. */
export function applyReport(found: SharedRecord, report: ProbeReport, nowMs: number): SharedRecord {
  const record = endIsolation(found, nowMs);
  if (record.state !== 'half-open' || record.epoch !== report.epoch || !record.leases.has(report.token)) return record;
  const leases = new Map(record.leases);
  leases.delete(report.token);
  if (report.outcome === 'none') return { ...record, leases };
  if (report.outcome === 'failure') {
    return open(record, { nowMs, openTime: report.openTime, reason: 'the probe failed', actor: report.instance });
  }
  const successes = record.successes + 1;
  if (successes < report.successes) return { ...record, leases, successes };
  return enter(record, nowMs, { state: 'closed', reason: 'the probes succeeded', actor: report.instance });
}

export function applyOrder(found: SharedRecord, order: SharedOrder, nowMs: number): SharedRecord {
  const record = endIsolation(found, nowMs);
  const { actor, kind, reason } = order;
  const untilMs = order.forMs === null ? null : nowMs + order.forMs;
  const by = { cause: 'hand', reason, actor } as const;
  switch (kind) {
    case 'reset':
      return enter(record, nowMs, { state: 'closed', ...by });
    case 'trip':
      return enter(record, nowMs, { state: 'open', untilMs: untilMs ?? nowMs, streak: record.streak + 1, ...by });
    case 'isolate':
      return enter(record, nowMs, { state: 'isolated', untilMs, ...by });
    case 'disable':
      return enter(record, nowMs, { state: 'disabled', ...by });
  }
}

/** No transition: it neither opens nor closes anything, and only ever grows. */
export function applyHold(found: SharedRecord, hold: SharedHold, nowMs: number): SharedRecord {
  const record = endIsolation(found, nowMs);
  return { ...record, holdUntilMs: Math.max(record.holdUntilMs, nowMs + hold.forMs) };
}

export function toView(key: string, record: SharedRecord, nowMs: number): SharedView {
  const { actor, cause, epoch, holdUntilMs, reason, state, streak, untilMs } = record;
  return { key, epoch, state, cause, untilMs, streak, reason, actor, holdUntilMs, atMs: nowMs };
}

/** Tokens of one server that all processes share. */
export interface SharedTokens {
  readonly tokens: number;
  readonly atMs: number;
}

/** `found`: null for a bucket that nobody has used; it is full. */
export function applyTokenRequest(
  found: SharedTokens | null,
  request: TokenRequest,
  nowMs: number,
): { readonly granted: number; readonly bucket: SharedTokens } {
  const { capacity, earned, perSecond, wanted } = request;
  const grown = found === null ? capacity : found.tokens + (Math.max(0, nowMs - found.atMs) * perSecond) / 1_000;
  const tokens = Math.min(capacity, grown + earned);
  const granted = Math.min(wanted, Math.floor(tokens));
  return { granted, bucket: { tokens: tokens - granted, atMs: nowMs } };
}

function endIsolation(record: SharedRecord, nowMs: number): SharedRecord {
  if (record.state !== 'isolated' || record.untilMs === null || nowMs < record.untilMs) return record;
  return enter(record, nowMs, { state: 'closed', reason: 'the isolation is over', actor: record.actor });
}

function open(
  record: SharedRecord,
  why: { readonly nowMs: number; readonly openTime: SharedOpenTime; readonly reason: string; readonly actor: string },
): SharedRecord {
  const { nowMs, openTime, reason, actor } = why;
  const openMs = Math.min(openTime.capMs, openTime.firstMs * openTime.factor ** record.streak);
  return enter(record, nowMs, { state: 'open', untilMs: nowMs + openMs, streak: record.streak + 1, reason, actor });
}

function enter(record: SharedRecord, nowMs: number, next: Partial<SharedRecord> & { readonly state: SharedState }): SharedRecord {
  const { holdUntilMs, reason, actor, streak } = record;
  return {
    ...EMPTY_RECORD,
    holdUntilMs,
    reason,
    actor,
    streak: next.state === 'closed' ? 0 : streak,
    // Time and not only a counter: after a store has lost everything, what it says is still newer than what was said before.
    epoch: Math.max(record.epoch + 1, Math.floor(nowMs)),
    ...next,
  };
}
