import type { Priority } from '@breakwater/kernel';
import { isResilienceError } from './resilience-error.ts';

/** What an outcome means to every policy of a pipeline. */
export type Verdict =
  | { readonly kind: 'success' }
  /** The server failed. `transient`: the same call may succeed later, so it is worth repeating. */
  | { readonly kind: 'failure'; readonly transient: boolean }
  /** The server asked for less (503, 429, session or task limits). */
  | { readonly kind: 'throttled'; readonly retryAfterMs?: number }
  /** No answer in time. */
  | { readonly kind: 'timeout' }
  /** Says nothing about the server's health (validation, not found, refused sign-in): final for retry, neutral for the breaker. */
  | { readonly kind: 'ignored' }
  /** The caller gave up; touches no statistic. */
  | { readonly kind: 'canceled' };

/** What a call came back with, before anybody judged it. */
export type Settlement = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: unknown };

/** What is known of a call while it is judged. */
export interface CallInfo {
  readonly op: string;
  /** Whom the pipeline protects, for example a server id. */
  readonly key: string;
  readonly priority: Priority;
  readonly idempotent: boolean;
  /** 1 for the first attempt. */
  readonly attempt: number;
}

/** Pure and quick: it runs once per attempt. */
export type Classifier = (settlement: Settlement, call: CallInfo) => Verdict;

export const SUCCESS: Verdict = { kind: 'success' };
export const TIMEOUT: Verdict = { kind: 'timeout' };
export const IGNORED: Verdict = { kind: 'ignored' };
export const CANCELED: Verdict = { kind: 'canceled' };
const TRANSIENT: Verdict = { kind: 'failure', transient: true };

/**
 * For callees that say nothing of themselves: every value is a success, every error a transient failure. Rejections by
 * another pipeline further inside are ignored, because that pipeline has already counted them.
 */
export function classifyByDefault(settlement: Settlement): Verdict {
  if (settlement.ok) return SUCCESS;
  if (!isResilienceError(settlement.error)) return TRANSIENT;
  return settlement.error.code === 'RESILIENCE_ATTEMPT_TIMEOUT' ? TIMEOUT : IGNORED;
}

/** Failures, throttling and timeouts speak against the server; `ignored` and `canceled` say nothing about it. */
export function isBreakerFailure(verdict: Verdict): boolean {
  return verdict.kind === 'failure' || verdict.kind === 'throttled' || verdict.kind === 'timeout';
}
