import type { Random } from '@breakwater/kernel';
import type { Limiter, LimiterSample, Verdict } from '@breakwater/resilience';

/** Peers are told of their own start only, so all of them share what does not matter to them. */
abstract class PeerLimiter implements Limiter {
  readonly delayMs = 0;

  readyAtMs(): number {
    return 0;
  }

  windowFor(): number {
    return Number.POSITIVE_INFINITY;
  }

  started(_priority: string, _nowMs: number): void {
    // Most look at answers only.
  }

  abstract settled(sample: LimiterSample, inFlight: number): void;
}

const isRejection = (verdict: Verdict): boolean => verdict.kind === 'throttled' || verdict.kind === 'timeout';

/** AWS measures in buckets of half a second. */
const toBucketS = (nowS: number): number => Math.floor(nowS * 2) / 2;

const clamp = (value: number, least: number, most: number): number => Math.max(least, Math.min(most, value));

/** Netflix concurrency-limits, `AIMDLimit`: backoff ratio 0.9, each rejection counts. */
export class NetflixAimd extends PeerLimiter {
  #limit = 4;

  override windowFor(): number {
    return this.#limit;
  }

  settled({ verdict }: LimiterSample, inFlight: number): void {
    if (isRejection(verdict)) this.#limit = Math.max(1, Math.floor(this.#limit * 0.9));
    else if (inFlight * 2 >= this.#limit) this.#limit = Math.min(64, this.#limit + 1);
  }
}

/** Netflix concurrency-limits, `VegasLimit` with its defaults: alpha 3, beta 6, probe multiplier 30. */
export class Vegas extends PeerLimiter {
  readonly #random: Random;
  #limit = 4;
  #noLoadMs = 0;
  #probeCount = 0;
  #probeJitter = 0.75;

  constructor(random: Random) {
    super();
    this.#random = random;
  }

  override windowFor(): number {
    return Math.floor(this.#limit);
  }

  settled({ verdict, startedAtMs, nowMs }: LimiterSample, inFlight: number): void {
    const latencyMs = nowMs - startedAtMs;
    this.#probeCount++;
    if (this.#probeJitter * 30 * this.#limit <= this.#probeCount) {
      this.#probeJitter = 0.5 + this.#random() / 2;
      this.#probeCount = 0;
      this.#noLoadMs = latencyMs;
      return;
    }
    if (this.#noLoadMs === 0 || latencyMs < this.#noLoadMs) {
      this.#noLoadMs = latencyMs;
      return;
    }
    const next = this.#next({ latencyMs, inFlight, isRejected: isRejection(verdict) });
    this.#limit = clamp(next, 1, 64);
  }

  #next(answer: { readonly latencyMs: number; readonly inFlight: number; readonly isRejected: boolean }): number {
    const step = Math.max(1, Math.floor(Math.log10(this.#limit)));
    const queued = Math.ceil(this.#limit * (1 - this.#noLoadMs / answer.latencyMs));
    if (answer.isRejected) return this.#limit - step;
    if (answer.inFlight * 2 < this.#limit) return this.#limit;
    if (queued <= step) return this.#limit + 6 * step;
    if (queued < 3 * step) return this.#limit + step;
    return queued > 6 * step ? this.#limit - step : this.#limit;
  }
}

/** Netflix concurrency-limits, `Gradient2Limit` with its defaults, but a least limit of 1. */
export class Gradient2 extends PeerLimiter {
  #limit = 4;
  #longMs = 0;
  #warmUp = 0;
  #warmUpSumMs = 0;

  override windowFor(): number {
    return Math.floor(this.#limit);
  }

  settled({ startedAtMs, nowMs }: LimiterSample, inFlight: number): void {
    const shortMs = nowMs - startedAtMs;
    if (this.#warmUp < 10) {
      this.#warmUp++;
      this.#warmUpSumMs += shortMs;
      this.#longMs = this.#warmUpSumMs / this.#warmUp;
    } else {
      const weight = 2 / 601;
      this.#longMs = this.#longMs * (1 - weight) + shortMs * weight;
    }
    if (this.#longMs / shortMs > 2) this.#longMs *= 0.95;
    if (inFlight < this.#limit / 2) return;
    const gradient = clamp((1.5 * this.#longMs) / shortMs, 0.5, 1);
    this.#limit = clamp(this.#limit * 0.8 + (this.#limit * gradient + 4) * 0.2, 1, 64);
  }
}

/** The client rate limiter of the AWS SDKs' `adaptive` retry mode: cubic with beta 0.7 and scale 0.4, at least 0.5 calls a second. */
export class AwsAdaptive extends PeerLimiter {
  #isOn = false;
  #fillPerSecond = 0.5;
  #capacity = 1;
  #tokens = 0;
  #tokensAtS = 0;
  #measuredPerSecond = 0;
  #answers = 0;
  /** NaN before the first start. */
  #bucketS = Number.NaN;
  #mostPerSecond = 0;
  #windowS = 0;
  #throttledAtS = 0;

  override readyAtMs(): number {
    if (!this.#isOn || this.#tokens >= 1) return 0;
    return (this.#tokensAtS + (1 - this.#tokens) / this.#fillPerSecond) * 1_000;
  }

  override started(_priority: string, nowMs: number): void {
    if (Number.isNaN(this.#bucketS)) this.#bucketS = toBucketS(nowMs / 1_000);
    if (!this.#isOn) return;
    this.#refill(nowMs / 1_000);
    this.#tokens = Math.max(0, this.#tokens - 1);
  }

  settled({ verdict, nowMs }: LimiterSample): void {
    const nowS = nowMs / 1_000;
    this.#measure(nowS);
    let perSecond: number;
    if (isRejection(verdict)) {
      this.#mostPerSecond = this.#isOn ? Math.min(this.#measuredPerSecond, this.#fillPerSecond) : this.#measuredPerSecond;
      this.#windowS = Math.cbrt((this.#mostPerSecond * 0.3) / 0.4);
      this.#throttledAtS = nowS;
      this.#isOn = true;
      perSecond = this.#mostPerSecond * 0.7;
    } else {
      this.#windowS = Math.cbrt((this.#mostPerSecond * 0.3) / 0.4);
      perSecond = 0.4 * (nowS - this.#throttledAtS - this.#windowS) ** 3 + this.#mostPerSecond;
    }
    this.#refill(nowS);
    this.#fillPerSecond = Math.max(0.5, Math.min(perSecond, 2 * this.#measuredPerSecond));
    this.#capacity = Math.max(1, this.#fillPerSecond);
    this.#tokens = Math.min(this.#tokens, this.#capacity);
  }

  #measure(nowS: number): void {
    const bucketS = toBucketS(nowS);
    this.#answers++;
    if (bucketS <= this.#bucketS) return;
    this.#measuredPerSecond = (this.#answers / (bucketS - this.#bucketS)) * 0.8 + this.#measuredPerSecond * 0.2;
    this.#answers = 0;
    this.#bucketS = bucketS;
  }

  #refill(nowS: number): void {
    this.#tokens = Math.min(this.#capacity, this.#tokens + (nowS - this.#tokensAtS) * this.#fillPerSecond);
    this.#tokensAtS = nowS;
  }
}
