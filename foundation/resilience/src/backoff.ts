import type { Random } from '@breakwater/kernel';
import { invalidSpec } from './invalid-spec.ts';

/**
 * How chance is mixed into a pause. `full`: anywhere between the floor and the pause; the quickest cure for a herd.
 * `equal`: the upper half. `decorrelated`: between the first pause and three times the previous one, capped.
 * `{ proportional }`: the pause plus up to that share of it, added after the cap (0.1 is spec 05's kind).
 */
export type Jitter = 'none' | 'full' | 'equal' | 'decorrelated' | { readonly proportional: number };

/** Milliseconds to pause after a failed attempt. Stateless: the previous pause comes in as an argument. */
export interface Backoff {
  /** `retry` is 0 after the first attempt; `previousMs` is 0 then. */
  delayMs(retry: number, previousMs: number, random: Random): number;
}

export interface ExponentialBackoffOptions {
  readonly firstMs: number;
  /** Default 2. */
  readonly factor?: number;
  readonly capMs: number;
  /** Least pause, applied after the power and before the cap. Default 0. */
  readonly floorMs?: number;
  /** Default `full`. */
  readonly jitter?: Jitter;
}

/**
 * `min(cap, max(floor, first * factor ** retry))`. With `first` 5 s, factor 2, cap 30 s and no jitter it is spec 01's 5, 10, 20, 30, 30;
 * spec 04's and spec 05's are `mcpBackoff` and `installerBackoff`.
 */
export function exponentialBackoff(options: ExponentialBackoffOptions): Backoff {
  const { firstMs, capMs, factor = 2, floorMs = 0, jitter = 'full' } = options;
  requireAmounts({ firstMs, capMs, floorMs });
  if (!(factor >= 1)) throw invalidSpec(`A backoff factor of ${factor} would shorten the pauses; it must be 1 or more.`);
  if (floorMs > capMs) throw invalidSpec(`The floor of a backoff (${floorMs} ms) is above its cap (${capMs} ms).`);
  // Beyond 1,000 doublings the power is Infinity, which the cap handles.
  return withJitter((retry) => Math.min(capMs, Math.max(floorMs, firstMs * factor ** retry)), { jitter, firstMs, floorMs, capMs });
}

export function constantBackoff(delayMs: number, jitter: Jitter = 'none'): Backoff {
  requireAmounts({ delayMs });
  return withJitter(() => delayMs, { jitter, firstMs: delayMs, floorMs: 0, capMs: delayMs });
}

export function linearBackoff(options: { readonly stepMs: number; readonly capMs: number; readonly jitter?: Jitter }): Backoff {
  const { stepMs, capMs, jitter = 'none' } = options;
  requireAmounts({ stepMs, capMs });
  return withJitter((retry) => Math.min(capMs, stepMs * (retry + 1)), { jitter, firstMs: stepMs, floorMs: 0, capMs });
}

/** The pauses as listed; the last one repeats. */
export function listBackoff(delaysMs: readonly number[]): Backoff {
  const last = delaysMs.at(-1);
  if (last === undefined) throw invalidSpec('A list of pauses needs at least one.');
  for (const delayMs of delaysMs) requireAmounts({ delayMs });
  return { delayMs: (retry) => delaysMs[retry] ?? last };
}

interface JitterBounds {
  readonly jitter: Jitter;
  readonly firstMs: number;
  readonly floorMs: number;
  readonly capMs: number;
}

function withJitter(pauseMs: (retry: number) => number, bounds: JitterBounds): Backoff {
  const { jitter, firstMs, floorMs, capMs } = bounds;
  if (typeof jitter === 'object') {
    const share = jitter.proportional;
    if (!(share >= 0 && share <= 1)) throw invalidSpec(`A proportional jitter of ${share} is outside 0 to 1.`);
    return { delayMs: (retry, _previousMs, random) => pauseMs(retry) * (1 + share * random()) };
  }
  switch (jitter) {
    case 'none':
      return { delayMs: pauseMs };
    case 'full':
      return { delayMs: (retry, _previousMs, random) => between(floorMs, pauseMs(retry), random) };
    case 'equal':
      return { delayMs: (retry, _previousMs, random) => between(Math.max(floorMs, pauseMs(retry) / 2), pauseMs(retry), random) };
    case 'decorrelated': {
      const least = Math.min(capMs, Math.max(floorMs, firstMs));
      return { delayMs: (_retry, previousMs, random) => Math.min(capMs, between(least, Math.max(least, previousMs) * 3, random)) };
    }
  }
}

function between(lowMs: number, highMs: number, random: Random): number {
  return lowMs + (Math.max(lowMs, highMs) - lowMs) * random();
}

function requireAmounts(amounts: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(amounts)) {
    if (!(Number.isFinite(value) && value >= 0)) throw invalidSpec(`${name} of a backoff must be a number of milliseconds of 0 or more.`);
  }
}
