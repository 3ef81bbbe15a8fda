import { type Clock, type Random, sleep, systemClock } from '@breakwater/kernel';
import type { CallContext } from './call-context.ts';
import { invalidSpec, requireAtLeast } from './invalid-spec.ts';

/** Shares are from 0 to 1; each is drawn by itself, in this order. */
export interface ChaosSpec {
  /** Waits before anything else happens. */
  readonly latency?: { readonly share: number; readonly minMs: number; readonly maxMs: number };
  /** Never answers; ends only when the attempt is given up. */
  readonly hang?: { readonly share: number };
  /** Rejects without calling. */
  readonly fault?: { readonly share: number; readonly create: (context: CallContext) => unknown };
  /** Answers without calling: an empty list, a page of a proxy, half a picture. */
  readonly outcome?: { readonly share: number; readonly create: (context: CallContext) => unknown };
}

export interface ChaosFigures {
  readonly calls: number;
  readonly delayed: number;
  readonly hung: number;
  readonly failed: number;
  readonly replaced: number;
}

/** Trouble by the throw of dice, between a pipeline and its callees, for tests and drills. Repeatable with a seeded `random`. */
export interface Chaos {
  readonly isActive: boolean;
  /** It does nothing until it is started. */
  start(): void;
  stop(): void;
  /** The callee with trouble in front of it: `pipeline.run(chaos.inject(callee))`. */
  inject<T>(callee: (context: CallContext) => T | PromiseLike<T>): (context: CallContext) => Promise<T>;
  figures(): ChaosFigures;
}

/** Throws `RESILIENCE_SPEC_INVALID`. */
export function createChaos(spec: ChaosSpec, options: { readonly random: Random; readonly clock?: Clock }): Chaos {
  for (const [name, part] of Object.entries(spec) as [string, { readonly share: number } | undefined][]) {
    if (part !== undefined && !(part.share >= 0 && part.share <= 1))
      throw invalidSpec(`The share of ${name} must be from 0 to 1, not ${part.share}.`);
  }
  requireAtLeast(spec.latency?.minMs, 0, 'latency.minMs');
  requireAtLeast(spec.latency?.maxMs, spec.latency?.minMs ?? 0, 'latency.maxMs');
  return new SeededChaos(spec, { random: options.random, clock: options.clock ?? systemClock });
}

class SeededChaos implements Chaos {
  readonly #spec: ChaosSpec;
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #figures = { calls: 0, delayed: 0, hung: 0, failed: 0, replaced: 0 };
  #isActive = false;

  constructor(spec: ChaosSpec, options: { readonly random: Random; readonly clock: Clock }) {
    this.#spec = spec;
    this.#random = options.random;
    this.#clock = options.clock;
  }

  get isActive(): boolean {
    return this.#isActive;
  }

  start(): void {
    this.#isActive = true;
  }

  stop(): void {
    this.#isActive = false;
  }

  inject<T>(callee: (context: CallContext) => T | PromiseLike<T>): (context: CallContext) => Promise<T> {
    return async (context) => {
      if (!this.#isActive) return callee(context);
      const { latency, fault, outcome } = this.#spec;
      const figures = this.#figures;
      figures.calls++;
      if (latency !== undefined && this.#strikes(latency)) {
        figures.delayed++;
        const delayMs = latency.minMs + this.#random() * (latency.maxMs - latency.minMs);
        await sleep(this.#clock, delayMs, { signal: context.signal, keepAlive: true });
      }
      if (this.#strikes(this.#spec.hang)) {
        figures.hung++;
        return hang(context.signal);
      }
      if (fault !== undefined && this.#strikes(fault)) {
        figures.failed++;
        throw fault.create(context);
      }
      if (outcome !== undefined && this.#strikes(outcome)) {
        figures.replaced++;
        return outcome.create(context) as T;
      }
      return callee(context);
    };
  }

  figures(): ChaosFigures {
    return { ...this.#figures };
  }

  #strikes(part: { readonly share: number } | undefined): boolean {
    return part !== undefined && this.#random() < part.share;
  }
}

function hang(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const end = (): void => reject(signal.reason);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
