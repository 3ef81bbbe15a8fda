import type { Priority } from '@breakwater/kernel';
import { invalidSpec, requireAbove, requireAtLeast, requireCount } from './invalid-spec.ts';
import type { Limiter } from './limiter.ts';

/** How the load of a server is learned inside the hard bounds of admission. */
export type LimiterSpec = FixedLimiterSpec | DelayLimiterSpec | WrittenDelaySpec | PacedWindowSpec | AimdLimiterSpec | CustomLimiterSpec;

/** Learns nothing: the hard bounds alone. The same as no limiter, said aloud. */
export interface FixedLimiterSpec {
  readonly kind: 'fixed';
}

interface DelayFigures {
  readonly kind: 'delay';
  /** Default 500. */
  readonly minMs?: number;
  /** Default 10,000. */
  readonly maxMs?: number;
  /** Default 2. */
  readonly increase?: number;
  /** Default 0.9. */
  readonly decrease?: number;
  /** Share of the rate that was too much. Default 0.8. */
  readonly margin?: number;
}

/** Spec 02's law without what does harm in it: a pause between attempts that grows on rejection and shrinks on success. */
export interface DelayLimiterSpec extends DelayFigures {
  readonly law?: 'repaired';
  /** At the least pause and without a rejection for this long, the pause is lifted. Default 60,000. */
  readonly calmMs?: number;
  /** Who does not wait for the pause. Default `critical` and `high`, because a person waits for them. */
  readonly exempt?: readonly Priority[];
}

/** Spec 02's law word for word: the pause is before every call of anybody, never ends, and each rejection counts. */
export interface WrittenDelaySpec extends DelayFigures {
  readonly law: 'as-written';
}

/** A rate learned from rejections, and a window of attempts learned from that rate and from latency. */
export interface PacedWindowSpec {
  readonly kind: 'pacedWindow';
  /** Attempts at the same time before anything is learned. Default 4. */
  readonly initialWindow?: number;
  /** Attempts per second that are always allowed. Default 0.1, which is spec 02's longest pause of ten seconds. */
  readonly leastPerSecond?: number;
  /** Share of the delivered rate that is left after a rejection. Default 0.8. */
  readonly decrease?: number;
  /** Share that is left after a timeout, which tells of trouble much later than a rejection. Default 0.5. */
  readonly timeoutDecrease?: number;
  /** After a decrease the old rate is reached again after this time, and exceeded from then on. Default 6,000. */
  readonly recoverMs?: number;
  /** How many times the attempts that a server without a queue would need may be under way. Default 2. */
  readonly gain?: number;
  /** Longest pause that a server may ask for by `Retry-After`. Default 60,000. */
  readonly retryAfterCapMs?: number;
  /** Where the rate has held nobody back and nothing was rejected for this long, it is lifted. Default 60,000. */
  readonly calmMs?: number;
}

/** A window that grows by one with each success while it is used, and shrinks by a share on rejection. */
export interface AimdLimiterSpec {
  readonly kind: 'aimd';
  /** Default 4. */
  readonly initialWindow?: number;
  /** Share of the window that is left after a rejection or a timeout. Default 0.5. */
  readonly decrease?: number;
}

/** A limiter of the caller's own; made once for each pipeline. */
export interface CustomLimiterSpec {
  readonly kind: 'custom';
  readonly create: () => Limiter;
}

/** Throws `RESILIENCE_SPEC_INVALID` for a limiter that cannot work. */
export function validateLimiter(spec: LimiterSpec): void {
  switch (spec.kind) {
    case 'delay':
      requireAbove(spec.minMs, 'admission.limiter.minMs');
      requireAtLeast(spec.maxMs, spec.minMs ?? 0, 'admission.limiter.maxMs');
      requireAtLeast(spec.increase, 1, 'admission.limiter.increase');
      requireAbove(spec.margin, 'admission.limiter.margin');
      requireShare(spec.decrease, 'admission.limiter.decrease');
      if (spec.law !== 'as-written') requireAtLeast(spec.calmMs, 0, 'admission.limiter.calmMs');
      break;
    case 'pacedWindow':
      requireCount(spec.initialWindow, 'admission.limiter.initialWindow');
      requireAbove(spec.leastPerSecond, 'admission.limiter.leastPerSecond');
      requireShare(spec.decrease, 'admission.limiter.decrease');
      requireShare(spec.timeoutDecrease, 'admission.limiter.timeoutDecrease');
      requireAbove(spec.recoverMs, 'admission.limiter.recoverMs');
      requireAtLeast(spec.gain, 1, 'admission.limiter.gain');
      requireAtLeast(spec.retryAfterCapMs, 0, 'admission.limiter.retryAfterCapMs');
      requireAtLeast(spec.calmMs, 0, 'admission.limiter.calmMs');
      break;
    case 'aimd':
      requireCount(spec.initialWindow, 'admission.limiter.initialWindow');
      requireShare(spec.decrease, 'admission.limiter.decrease');
      break;
    case 'fixed':
    case 'custom':
      break;
  }
}

function requireShare(value: number | undefined, name: string): void {
  if (value !== undefined && !(value > 0 && value <= 1)) throw invalidSpec(`${name} must be above 0 and at most 1, not ${value}.`);
}
