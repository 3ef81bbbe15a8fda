import type { Random } from '@breakwater/kernel';
import type { RetrySpec } from './spec.ts';
import type { Verdict } from './verdict.ts';

const DEFAULT_RETRY_AFTER_CAP_MS = 60_000;

export interface RetryQuestion {
  readonly verdict: Verdict;
  /** 0 after the first attempt. */
  readonly retry: number;
  /** The previous pause; 0 before the first. */
  readonly previousMs: number;
  readonly random: Random;
}

/** Milliseconds to pause before the next attempt, or null when another one makes no sense. */
export function decideRetryMs(spec: RetrySpec, question: RetryQuestion): number | null {
  const { verdict } = question;
  if (!isRepeatable(verdict)) return null;
  const ownMs = spec.backoff.delayMs(question.retry, question.previousMs, question.random);
  if (verdict.kind !== 'throttled' || verdict.retryAfterMs === undefined) return ownMs;
  if (verdict.retryAfterMs > (spec.retryAfterCapMs ?? DEFAULT_RETRY_AFTER_CAP_MS)) return null;
  // Never earlier than the server asked for.
  return Math.max(ownMs, verdict.retryAfterMs);
}

function isRepeatable(verdict: Verdict): boolean {
  return verdict.kind === 'throttled' || verdict.kind === 'timeout' || (verdict.kind === 'failure' && verdict.transient);
}
