import type { Priority } from '@breakwater/kernel';
import type { BreakerChange } from './breaker-report.ts';
import type { ResilienceCode } from './resilience-error.ts';
import type { Verdict } from './verdict.ts';

interface EventBase {
  /** Milliseconds since 1970, from the clock's wall time. */
  readonly atWallMs: number;
  /** Whom the pipeline protects. */
  readonly key: string;
}

/** Everything worth telling about a pipeline. State has already changed when an event is heard. */
export type ResilienceEvent = EventBase &
  (
    | BreakerChange
    | {
        readonly kind: 'call.retried';
        readonly op: string;
        readonly attempt: number;
        readonly attempts: number;
        readonly delayMs: number;
        readonly verdict: Verdict;
        readonly error: unknown;
      }
    | { readonly kind: 'call.rejected'; readonly op: string; readonly code: ResilienceCode; readonly priority: Priority }
    | {
        readonly kind: 'attempt.abandoned';
        readonly op: string;
        readonly attempt: number;
        readonly reason: 'timeout' | 'deadline' | 'canceled';
      }
    /**
     * A call has come to its end, whatever that is. `rejected`: the pipeline ended it without an attempt under way. `waitedMs` and
     * `tookMs` as in `CallMeta`.
     */
    | {
        readonly kind: 'call.ended';
        readonly op: string;
        readonly priority: Priority;
        readonly outcome: Verdict['kind'] | 'rejected';
        readonly attempts: number;
        readonly waitedMs: number;
        readonly tookMs: number;
        /** Undefined after a success. */
        readonly error: unknown;
      }
    | { readonly kind: 'limiter.slowed'; readonly requests: number; readonly windowMs: number; readonly delayMs: number }
    | { readonly kind: 'limiter.recovered' }
    | { readonly kind: 'cache.served-stale'; readonly entry: string; readonly ageMs: number; readonly error: unknown }
  );

/**
 * One listener per pipeline or runtime. It must not throw: an error of a listener is raised as an unhandled rejection, so that
 * it is seen, and never reaches the call it was told about.
 */
export interface EventListener {
  (event: ResilienceEvent): void;
  /** Asked before an event is made. Absent: it hears everything but `call.ended`, which comes with every call. */
  readonly hears?: (kind: ResilienceEvent['kind']) => boolean;
}

/** Whether a listener wants events of this kind. */
export function isHeardBy(listener: EventListener, kind: ResilienceEvent['kind']): boolean {
  return listener.hears === undefined ? kind !== 'call.ended' : listener.hears(kind);
}

const RESOLVED = Promise.resolve();

/** Tells the listener; its errors end up as unhandled rejections. */
export function tell<E>(listener: (event: E) => void, event: E): void {
  try {
    listener(event);
  } catch (error) {
    void RESOLVED.then(() => {
      throw error;
    });
  }
}
