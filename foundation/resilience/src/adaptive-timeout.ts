import { LatencyHistogram } from './figures.ts';
import { invalidSpec, requireAbove, requireAtLeast, requireCount } from './invalid-spec.ts';

/** An attempt timeout that follows how long attempts take: `factor` times the quantile, between `minMs` and the fixed timeout. */
export interface AdaptiveTimeoutSpec {
  /** Default 0.99. */
  readonly quantile?: number;
  /** Default 3. */
  readonly factor?: number;
  readonly minMs: number;
  /** Attempts before which the fixed timeout holds, and after which old ones are forgotten. Default 200. */
  readonly samples?: number;
}

/**
 * Looks at the previous `samples` attempts, so that it follows a server that becomes slower or quicker. An attempt that timed out is
 * a sample of at least its timeout: where everything times out, the timeout grows by `factor` each time instead of never learning.
 */
export class AdaptiveTimeout {
  readonly #quantile: number;
  readonly #factor: number;
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #samples: number;
  #histogram = new LatencyHistogram();
  #count = 0;
  #timeoutMs: number;

  constructor(spec: AdaptiveTimeoutSpec, options: { readonly maxMs: number }) {
    this.#quantile = spec.quantile ?? 0.99;
    this.#factor = spec.factor ?? 3;
    this.#minMs = spec.minMs;
    this.#maxMs = options.maxMs;
    this.#samples = spec.samples ?? 200;
    this.#timeoutMs = options.maxMs;
  }

  get timeoutMs(): number {
    return this.#timeoutMs;
  }

  /** `tookMs` of an attempt that succeeded or timed out. */
  add(tookMs: number): void {
    this.#histogram.add(tookMs);
    this.#count++;
    if (this.#count < this.#samples) return;
    const wantedMs = Math.ceil(this.#histogram.quantileMs(this.#quantile) * this.#factor);
    this.#timeoutMs = Math.min(this.#maxMs, Math.max(this.#minMs, wantedMs));
    this.#histogram = new LatencyHistogram();
    this.#count = 0;
  }
}

/** Throws `RESILIENCE_SPEC_INVALID`. */
export function validateAdaptiveTimeout(spec: AdaptiveTimeoutSpec, maxMs: number): void {
  requireAbove(spec.minMs, 'attempt.adaptive.minMs');
  requireAtLeast(spec.factor, 1, 'attempt.adaptive.factor');
  requireCount(spec.samples, 'attempt.adaptive.samples');
  if (spec.quantile !== undefined && !(spec.quantile > 0 && spec.quantile <= 1)) {
    throw invalidSpec(`attempt.adaptive.quantile must be above 0 and at most 1, not ${spec.quantile}.`);
  }
  if (spec.minMs > maxMs) throw invalidSpec(`attempt.adaptive.minMs (${spec.minMs}) is above attempt.timeoutMs (${maxMs}).`);
}
