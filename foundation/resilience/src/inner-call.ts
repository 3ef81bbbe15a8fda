import type { CallContext, RunOptions } from './call-context.ts';

/** Options as a call reads them: what it takes over from another call is already in them. */
export interface CallOptions extends RunOptions {
  /** What is left of the call that it is part of, when that is less than its own deadline. */
  readonly leftMs?: number;
}

/** `specDeadlineMs`: the deadline of a call without one of its own. */
export function toInnerCall(
  own: RunOptions,
  outer: { readonly within: CallContext; readonly specDeadlineMs: number | undefined },
): CallOptions {
  const { within, specDeadlineMs } = outer;
  const ownMs = own.deadlineMs ?? (own.lane === 'parked' ? undefined : specDeadlineMs) ?? Number.POSITIVE_INFINITY;
  const leftMs = within.remainingMs();
  return {
    ...own,
    signal: own.signal ?? within.signal,
    priority: own.priority ?? within.priority,
    fairKey: own.fairKey ?? within.fairKey,
    ...(leftMs < ownMs ? { leftMs } : {}),
  };
}
