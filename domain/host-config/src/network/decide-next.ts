import type { Random } from '@breakwater/kernel';
import { type Backoff, exponentialBackoff, installerBackoff } from '@breakwater/resilience';
import type { Explanation } from '../classify/failure.ts';
import type { RetrySettings } from './network-settings.ts';

/** What has been tried of one operation. */
export interface AttemptTally {
  /** Those that count; a wait for a lock and a repair do not. */
  readonly used: number;
  readonly mirrorSyncs: number;
  readonly unknowns: number;
  readonly isRepaired: boolean;
  readonly lockWaitedMs: number;
  readonly previousDelayMs: number;
}

export const NOTHING_TRIED: AttemptTally = {
  used: 0,
  mirrorSyncs: 0,
  unknowns: 0,
  isRepaired: false,
  lockWaitedMs: 0,
  previousDelayMs: 0,
};

export type NextAct =
  | { readonly kind: 'retry'; readonly delayMs: number; readonly tally: AttemptTally }
  | { readonly kind: 'wait-lock'; readonly delayMs: number; readonly tally: AttemptTally }
  | { readonly kind: 'repair'; readonly tally: AttemptTally }
  | { readonly kind: 'stop'; readonly reason: 'failed' | 'lock-timeout' };

/** A mirror takes at least so long to come to an end with its own update. */
const MIRROR_SYNC_MS = 30_000;
const MAX_MIRROR_SYNCS = 2;
/** Short at first, because most locks are: an update that is about to end. */
const FIRST_LOCK_PAUSE_MS = 1_000;
const LONGEST_LOCK_PAUSE_MS = 5_000;

/** What a failure calls for. `tally` tells of all attempts, this one included. */
export function decideNext(
  explanation: Explanation,
  tally: AttemptTally,
  options: { readonly retry: RetrySettings; readonly lockWaitMs: number; readonly random: Random },
): NextAct {
  switch (explanation.class) {
    case 'transient':
      return explanation.isMirrorSync === true ? waitForMirror(tally, options) : repeat(tally, options, 0);
    case 'throttled':
      return repeat(tally, options, Math.min(explanation.retryAfterMs ?? 0, options.retry.retryAfterCapMs));
    case 'wait-lock':
      return waitForLock(tally, options.lockWaitMs);
    case 'repair':
      return tally.isRepaired ? STOP : { kind: 'repair', tally: { ...tally, isRepaired: true, used: tally.used - 1 } };
    case 'ok':
    case 'unknown':
      return tally.unknowns > 0 ? STOP : repeat({ ...tally, unknowns: 1 }, options, 0);
    case 'permanent':
    case 'security':
    case 'local':
      return STOP;
  }
}

const STOP: NextAct = { kind: 'stop', reason: 'failed' };

interface RetryOptions {
  readonly retry: RetrySettings;
  readonly random: Random;
}

function repeat(tally: AttemptTally, { random, retry }: RetryOptions, leastMs: number): NextAct {
  if (!retry.isEnabled || tally.used >= retry.attempts) return STOP;
  const delayMs = Math.max(leastMs, toBackoff(retry).delayMs(tally.used - 1, tally.previousDelayMs, random));
  return { kind: 'retry', delayMs, tally: { ...tally, previousDelayMs: delayMs } };
}

function waitForMirror(tally: AttemptTally, options: RetryOptions): NextAct {
  if (tally.mirrorSyncs >= MAX_MIRROR_SYNCS) return STOP;
  return repeat({ ...tally, mirrorSyncs: tally.mirrorSyncs + 1 }, options, MIRROR_SYNC_MS);
}

function waitForLock(tally: AttemptTally, lockWaitMs: number): NextAct {
  const leftMs = lockWaitMs - tally.lockWaitedMs;
  if (leftMs <= 0) return { kind: 'stop', reason: 'lock-timeout' };
  const pauseMs = tally.lockWaitedMs < LONGEST_LOCK_PAUSE_MS ? FIRST_LOCK_PAUSE_MS : LONGEST_LOCK_PAUSE_MS;
  const delayMs = Math.min(leftMs, pauseMs);
  return { kind: 'wait-lock', delayMs, tally: { ...tally, used: tally.used - 1, lockWaitedMs: tally.lockWaitedMs + delayMs } };
}

function toBackoff({ base, initialDelayMs, jitter, maxDelayMs }: RetrySettings): Backoff {
  return jitter === 'full'
    ? exponentialBackoff({ firstMs: initialDelayMs, factor: base, capMs: maxDelayMs, jitter: 'full' })
    : installerBackoff({ initialDelayMs, maxDelayMs, base, jitter });
}
