import type { Priority } from '@breakwater/kernel';
import type { CallInfo } from './verdict.ts';

/** What one attempt is given. */
export interface CallContext extends CallInfo {
  /**
   * Aborts when the attempt times out, the deadline passes or the caller gives up. Made when it is first read, so read it only
   * to pass it on.
   */
  readonly signal: AbortSignal;
  /** Milliseconds that are left for this attempt: the smaller one of attempt timeout and deadline. `Infinity` without either. */
  remainingMs(): number;
  readonly fairKey: string | undefined;
}

/** What is said of one call. */
export interface RunOptions {
  /** What the call is for, in words of the protocol; for figures and events. Never data. */
  readonly op?: string;
  /** Default `normal`. */
  readonly priority?: Priority;
  readonly signal?: AbortSignal | undefined;
  /** Instead of the specification's deadline. */
  readonly deadlineMs?: number | undefined;
  /** Instead of the specification's attempt timeout. */
  readonly timeoutMs?: number | undefined;
  /** True: a lost answer may be asked for again. Default false. */
  readonly idempotent?: boolean;
  /**
   * `parked`: the server answers when it has news. Such a call passes the breaker and can be aborted, but takes no slot, waits
   * for no interval though it counts for the learned rate, has no attempt timeout and no deadline unless its own options say so, and is not repeated.
   */
  readonly lane?: 'call' | 'parked';
  /**
   * On whose behalf: a person, a machine. Among waiting calls of one priority, keys take turns, so that one with a thousand calls does
   * not keep the others waiting. Calls without a key share one turn.
   */
  readonly fairKey?: string | undefined;
  /**
   * The call, of this or another pipeline, whose callee makes this one. It has to end by the same time, and with the same signal; priority
   * and `fairKey` are the same too, unless this one has its own. Whether it may be repeated is never taken over.
   */
  readonly within?: CallContext | undefined;
}

/** What it took to come to an outcome. */
export interface CallMeta {
  readonly attempts: number;
  /** Milliseconds spent in the queue. */
  readonly waitedMs: number;
  /** Milliseconds from the call to its outcome. */
  readonly tookMs: number;
}

/** The result of `attempt`, which never rejects. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T; readonly meta: CallMeta }
  | { readonly ok: false; readonly error: unknown; readonly meta: CallMeta };
