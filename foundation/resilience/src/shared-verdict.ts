import type { SharedView } from './shared-store.ts';

/** What all processes together say, on the monotonic clock of this one. */
export type SharedVerdict =
  | { readonly kind: 'closed' }
  | { readonly kind: 'open'; readonly untilMs: number; readonly reason: string }
  /** Somebody may be probing; only who holds a lease may call. */
  | { readonly kind: 'half-open'; readonly reason: string }
  | { readonly kind: 'isolated'; readonly untilMs: number; readonly reason: string }
  | { readonly kind: 'disabled'; readonly reason: string };

export interface SharedVerdictReport {
  readonly state: SharedVerdict['kind'];
  readonly reason: string;
  /** The process or the person behind it; empty while nobody has said anything. */
  readonly actor: string;
  readonly epoch: number;
  readonly streak: number;
}

/** Longer than this nothing is believed to last: a store may say anything. */
const LONGEST_MS = 7 * 86_400_000;

export const CLOSED_VERDICT: SharedVerdict = { kind: 'closed' };

/** `receivedAtMs`: on the monotonic clock of this process. */
export function toVerdict(view: SharedView, receivedAtMs: number): SharedVerdict {
  const { reason, state } = view;
  switch (state) {
    case 'closed':
      return CLOSED_VERDICT;
    case 'open':
      return { kind: 'open', untilMs: receivedAtMs + toRemainingMs(view.untilMs ?? view.atMs, view), reason };
    case 'half-open':
      return { kind: 'half-open', reason };
    case 'isolated':
      return {
        kind: 'isolated',
        untilMs: view.untilMs === null ? Number.POSITIVE_INFINITY : receivedAtMs + toRemainingMs(view.untilMs, view),
        reason,
      };
    case 'disabled':
      return { kind: 'disabled', reason };
  }
}

/** How long the hold of a view still lasts. */
export function toHoldMs(view: SharedView): number {
  return toRemainingMs(view.holdUntilMs, view);
}

function toRemainingMs(untilMs: number, view: SharedView): number {
  return Math.min(LONGEST_MS, Math.max(0, untilMs - view.atMs));
}
