import type { Clock, Random } from '@breakwater/kernel';

/** What goes wrong. */
export type FaultEffect =
  /** Answers correctly, later. */
  | { readonly kind: 'latency'; readonly delayMs: number; readonly jitterMs?: number }
  /** Takes the request and never answers. */
  | { readonly kind: 'hang' }
  /** Sends headers and half of the body, then nothing. */
  | { readonly kind: 'hang-mid-body' }
  /** Closes the connection without an answer. */
  | { readonly kind: 'reset' }
  /** 503 with the reason phrase of a front end whose service is away. */
  | { readonly kind: 'unavailable' }
  /** An HTML page with status 200. */
  | { readonly kind: 'html' }
  | { readonly kind: 'garbage' }
  /** A correct answer cut in half, with the length of the half. */
  | { readonly kind: 'truncated' }
  /** A document type with nested entities. */
  | { readonly kind: 'entity-bomb' }
  /** A SOAP fault without fields, such as `SystemError`. */
  | { readonly kind: 'soap-fault'; readonly fault: string };

export interface FaultRule {
  readonly effect: FaultEffect;
  /** Method names and doors (`sdk`, `screen`, `folder`, `ticket`, `versions`) that are hit; absent hits all. */
  readonly on?: readonly string[];
  /** Goes out by itself after so many hits. */
  readonly times?: number;
  /** Share of requests that are hit, 0 to 1. */
  readonly probability?: number;
}

export const FAULT_KINDS: readonly FaultEffect['kind'][] = [
  'latency',
  'hang',
  'hang-mid-body',
  'reset',
  'unavailable',
  'html',
  'garbage',
  'truncated',
  'entity-bomb',
  'soap-fault',
];

interface ActiveRule {
  readonly id: number;
  readonly rule: FaultRule;
  hits: number;
}

/** Faults in force. */
export class FaultRules {
  readonly #random: Random;
  #rules: ActiveRule[] = [];
  #count = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  add(rule: FaultRule): number {
    const id = ++this.#count;
    this.#rules.push({ id, rule, hits: 0 });
    return id;
  }

  remove(id: number): boolean {
    const before = this.#rules.length;
    this.#rules = this.#rules.filter((active) => active.id !== id);
    return this.#rules.length < before;
  }

  clear(): void {
    this.#rules = [];
  }

  list(): readonly { readonly id: number; readonly hits: number; readonly rule: FaultRule }[] {
    return this.#rules.map(({ id, hits, rule }) => ({ id, hits, rule }));
  }

  /** Effects for one request known by these names, in the order in which they were switched on. */
  take(names: readonly string[]): FaultEffect[] {
    const effects: FaultEffect[] = [];
    for (const active of this.#rules) {
      const { on, probability } = active.rule;
      if (on !== undefined && !on.some((name) => names.includes(name))) continue;
      if (probability !== undefined && this.#random() >= probability) continue;
      active.hits++;
      effects.push(active.rule.effect);
    }
    this.#rules = this.#rules.filter(({ rule, hits }) => rule.times === undefined || hits < rule.times);
    return effects;
  }

  delayOf(effects: readonly FaultEffect[]): number {
    return effects.reduce(
      (sum, effect) => (effect.kind === 'latency' ? sum + effect.delayMs + this.#random() * (effect.jitterMs ?? 0) : sum),
      0,
    );
  }
}

/** Takes as long as the delay, or until the client is gone. */
export function delay(clock: Clock, options: { readonly delayMs: number; readonly signal: AbortSignal }): Promise<void> {
  if (options.delayMs <= 0 || options.signal.aborted) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = clock.after(options.delayMs, resolve);
  options.signal.addEventListener(
    'abort',
    () => {
      timer.cancel();
      resolve();
    },
    { once: true },
  );
  return promise;
}
