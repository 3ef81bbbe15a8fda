import type { Priority, Random } from '@breakwater/kernel';
import { DeliveryMeter } from './delivery-meter.ts';
import type { Limiter, LimiterChange, LimiterSample } from './limiter.ts';
import type { PacedWindowSpec } from './limiter-spec.ts';

/** Spec 02's least pause of half a second, for a server that rejects before it has answered anything. */
const FIRST_GUESS_PER_SECOND = 2;

/** The rate never exceeds the delivered one by more than this: beyond it nothing has been proven. */
const LARGEST_PROBE = 1.5;

/** A rejected rate is taken for at most this much of what was delivered. */
const REJECTED_OVER_DELIVERED = 1.1;

/** Tokens collected in an idle time: as many as start within this time, but at least one. */
const BURST_MS = 50;

/**
 * The way back to the rejected rate has at least so many attempts. A server that stands two calls a second would otherwise be asked for too
 * much at every twelfth one.
 */
const LEAST_RECOVERY_ATTEMPTS = 40;
const LONGEST_RECOVERY_MS = 20_000;

/** Starts that people (`critical`, `high`) may take in advance. */
const BORROWED_STARTS = 2;

/** Of the rate, as much may go to parked calls. More of them still pass, but then the others do not make up for it, or they would starve. */
const PARKED_SHARE = 0.5;

/** Means of latency above the base: up to here nothing waits in the server / from here on something does, before the first rejection. */
const UNLOADED = 1.3;
const LOADED = 1.6;

/** Not having seen the server unloaded for this long means that its latency may be that of its own queue: look. */
const STALE_BASE_MS = 20_000;
/** The look ends with this many answers, or after this time. */
const DRAIN_ANSWERS = 4;
const DRAIN_MS = 4_000;

/** Decreases without a success in between that make an outage. */
const OUTAGE_DECREASES = 3;

/** Upward only: nobody comes back before the time that the server has named. */
const RETRY_AFTER_JITTER = 0.1;

export interface PacedWindowOptions {
  readonly random: Random;
  readonly onChange?: ((change: LimiterChange) => void) | undefined;
}

/** While few enough attempts are under way that the server has no queue, its latency shows. */
interface Drain {
  readonly sinceMs: number;
  answers: number;
  /** By kind of call. */
  readonly latencies: Map<string, { sumMs: number; count: number }>;
}

/**
 * Two limits. A rate, learned from rejections and timeouts: none before the first one; each takes it below what was really delivered, and
 * from there it follows a cubic curve back to the rejected rate and past it. The curve is relative to the rate, so a server that stands three calls a second is
 * probed as gently as one that stands three hundred. A window, learned from latency: by Little's law a server that delivers `r` a second at `l` seconds
 * each has `r * l` at work, and twice that keeps it busy; what it holds beyond is only its queue.
 *
 * The rate alone does not see a server that queues silently, the window alone does not see a limit below one call at a time.
 */
export class PacedWindowLimiter implements Limiter {
  readonly #initialWindow: number;
  readonly #leastPerSecond: number;
  readonly #decrease: number;
  readonly #timeoutDecrease: number;
  readonly #recoverMs: number;
  readonly #gain: number;
  readonly #retryAfterCapMs: number;
  readonly #calmMs: number;
  readonly #random: Random;
  readonly #onChange: ((change: LimiterChange) => void) | undefined;
  readonly #meter = new DeliveryMeter();
  #window: number;
  #isLimiting = false;
  #lastHeldMs = Number.NEGATIVE_INFINITY;
  /** 0: not paced. */
  #perSecond = 0;
  /** The rate that was rejected last, which the curve leads back to. */
  #rejectedPerSecond = 0;
  #decreasedAtMs = Number.NEGATIVE_INFINITY;
  /** Attempts that began before say nothing about the present rate. */
  #epochMs = Number.NEGATIVE_INFINITY;
  #decreasesInARow = 0;
  #tokens = 0;
  #tokensAtMs = 0;
  #parkedAtMs = Number.NEGATIVE_INFINITY;
  #closedUntilMs = Number.NEGATIVE_INFINITY;
  #unloadedAtMs = Number.NEGATIVE_INFINITY;
  #drain: Drain | null = null;
  /** Starts since the last change that was told, for telling the next one. */
  #starts = 0;
  #countingSinceMs = Number.NaN;

  constructor(spec: PacedWindowSpec, options: PacedWindowOptions) {
    this.#initialWindow = spec.initialWindow ?? 4;
    this.#leastPerSecond = spec.leastPerSecond ?? 0.1;
    this.#decrease = spec.decrease ?? 0.8;
    this.#timeoutDecrease = spec.timeoutDecrease ?? 0.5;
    this.#recoverMs = spec.recoverMs ?? 6_000;
    this.#gain = spec.gain ?? 2;
    this.#retryAfterCapMs = spec.retryAfterCapMs ?? 60_000;
    this.#calmMs = spec.calmMs ?? 60_000;
    this.#window = this.#initialWindow;
    this.#random = options.random;
    this.#onChange = options.onChange;
  }

  get delayMs(): number {
    return this.#perSecond === 0 ? 0 : 1_000 / this.#perSecond;
  }

  readyAtMs(priority: Priority): number {
    if (this.#perSecond === 0) return this.#closedUntilMs;
    const missing = 1 - (isInteractive(priority) ? BORROWED_STARTS : 0) - this.#tokens;
    const readyAtMs = missing <= 0 ? this.#tokensAtMs : this.#tokensAtMs + (missing * 1_000) / this.#perSecond;
    return Math.max(this.#closedUntilMs, readyAtMs);
  }

  windowFor(priority: Priority): number {
    // One slot more for what a person does at this moment, so that it need not wait for an answer to something else.
    return priority === 'critical' ? this.#window + 1 : this.#window;
  }

  heldBack(nowMs: number): void {
    // While the server has asked to be left alone, waiting says nothing about the rate.
    if (nowMs < this.#closedUntilMs) return;
    this.#isLimiting = true;
    this.#lastHeldMs = nowMs;
  }

  started(_priority: Priority, nowMs: number): void {
    this.#meter.begin(nowMs);
    if (Number.isNaN(this.#countingSinceMs)) this.#countingSinceMs = nowMs;
    this.#starts++;
    if (this.#perSecond === 0) return;
    this.#collectTokens(nowMs);
    this.#tokens--;
  }

  passed(nowMs: number): void {
    if (this.#perSecond === 0) return;
    this.#collectTokens(nowMs);
    const allowed = ((nowMs - this.#parkedAtMs) * this.#perSecond * PARKED_SHARE) / 1_000;
    this.#parkedAtMs = nowMs;
    this.#tokens -= Math.min(1, allowed);
  }

  settled(sample: LimiterSample): void {
    const { verdict, startedAtMs, nowMs } = sample;
    if (verdict.kind === 'success') this.#succeeded(sample);
    else if (verdict.kind === 'timeout') this.#rejected(this.#timeoutDecrease, { startedAtMs, nowMs });
    else if (verdict.kind === 'throttled') {
      if (verdict.retryAfterMs !== undefined) this.#closeFor(verdict.retryAfterMs, nowMs);
      this.#rejected(this.#decrease, { startedAtMs, nowMs });
    }
  }

  #succeeded({ op = '', startedAtMs, nowMs }: LimiterSample): void {
    const wasLimiting = this.#isLimiting;
    if (this.#drain !== null) this.#look(this.#drain, { op, startedAtMs, nowMs });
    this.#endOutage(nowMs);
    const meanMs = this.#meter.add(nowMs - startedAtMs, { op, nowMs, demand: wasLimiting ? 'waiting' : 'satisfied' });
    if (meanMs !== null) {
      this.#isLimiting = false;
      this.#windowMeasured(meanMs, { wasLimiting, nowMs });
    }
    if (this.#perSecond === 0) return;
    if (nowMs - Math.max(this.#lastHeldMs, this.#epochMs) >= this.#calmMs) {
      this.#lift();
    } else {
      if (wasLimiting) this.#grow(nowMs);
      this.#resizeWindow();
    }
  }

  #rejected(share: number, when: { readonly startedAtMs: number; readonly nowMs: number }): void {
    const { startedAtMs, nowMs } = when;
    if (startedAtMs <= this.#epochMs) return;
    this.#epochMs = nowMs;
    const { perSecond: delivered } = this.#meter;
    if (this.#perSecond === 0) {
      this.#pace(this.#meter.peakPerSecond || this.#meter.currentPerSecond(nowMs) || FIRST_GUESS_PER_SECOND, nowMs);
    }
    this.#collectTokens(nowMs);
    let present = this.#perSecond;
    // Without a success since the last decrease the server is not slower, it is away: what it stood before is worth remembering.
    if (this.#decreasesInARow === 0) {
      if (delivered > 0) present = Math.min(present, REJECTED_OVER_DELIVERED * delivered);
      this.#rejectedPerSecond = Math.max(this.#leastPerSecond, present);
    }
    this.#decreasesInARow++;
    this.#perSecond = Math.max(this.#leastPerSecond, present * share);
    this.#decreasedAtMs = nowMs;
    this.#tokens = Math.min(this.#tokens, 0);
    this.#resizeWindow();
    this.#tellSlowed(nowMs);
  }

  #closeFor(retryAfterMs: number, nowMs: number): void {
    const pauseMs = Math.min(retryAfterMs, this.#retryAfterCapMs) * (1 + RETRY_AFTER_JITTER * this.#random());
    this.#closedUntilMs = Math.max(this.#closedUntilMs, nowMs + pauseMs);
  }

  /** The first success after an outage: half of the old rate at once, instead of climbing up from the least one. */
  #endOutage(nowMs: number): void {
    const half = this.#rejectedPerSecond / 2;
    if (this.#decreasesInARow >= OUTAGE_DECREASES && this.#perSecond < half) {
      this.#collectTokens(nowMs);
      this.#perSecond = half;
      this.#meter.expect(half);
      this.#decreasedAtMs = nowMs;
    }
    this.#decreasesInARow = 0;
  }

  #windowMeasured(meanMs: number, options: { readonly wasLimiting: boolean; readonly nowMs: number }): void {
    const { wasLimiting, nowMs } = options;
    const { baseMs } = this.#meter;
    if (meanMs <= UNLOADED * baseMs) this.#unloadedAtMs = nowMs;
    if (this.#perSecond === 0) {
      if (meanMs > LOADED * baseMs) {
        this.#pace(this.#meter.peakPerSecond, nowMs);
        this.#tellSlowed(nowMs);
      } else if (wasLimiting) this.#window *= 2;
    } else if (this.#drain === null && nowMs - this.#unloadedAtMs > STALE_BASE_MS) {
      this.#drain = { sinceMs: nowMs, answers: 0, latencies: new Map() };
    }
  }

  #look(drain: Drain, answer: { readonly op: string; readonly startedAtMs: number; readonly nowMs: number }): void {
    const { op, startedAtMs, nowMs } = answer;
    if (startedAtMs > drain.sinceMs) {
      const latency = drain.latencies.get(op) ?? { sumMs: 0, count: 0 };
      drain.latencies.set(op, { sumMs: latency.sumMs + nowMs - startedAtMs, count: latency.count + 1 });
      drain.answers++;
    }
    if (drain.answers < DRAIN_ANSWERS && nowMs - drain.sinceMs <= DRAIN_MS) return;
    for (const [kind, { sumMs, count }] of drain.latencies) this.#meter.restartBase(kind, { baseMs: sumMs / count, nowMs });
    this.#unloadedAtMs = nowMs;
    this.#drain = null;
  }

  #pace(perSecond: number, nowMs: number): void {
    this.#perSecond = Math.max(this.#leastPerSecond, perSecond);
    this.#rejectedPerSecond = this.#perSecond;
    // On the flat part of the curve: it may be exceeded from now on.
    this.#decreasedAtMs = nowMs - this.#recoveryMs();
    this.#tokens = 0;
    this.#tokensAtMs = nowMs;
    this.#lastHeldMs = nowMs;
  }

  #lift(): void {
    this.#perSecond = 0;
    this.#drain = null;
    this.#window = Math.max(this.#window, this.#initialWindow);
    this.#meter.forgetPeak();
    this.#onChange?.({ kind: 'limiter.recovered' });
  }

  #grow(nowMs: number): void {
    const recoveryMs = this.#recoveryMs();
    const beyondMs = nowMs - this.#decreasedAtMs - recoveryMs;
    const progress = beyondMs / (beyondMs < 0 ? recoveryMs : this.#recoverMs);
    const target = this.#rejectedPerSecond * (1 + (1 - this.#decrease) * progress ** 3);
    const proven = Math.max(this.#perSecond, LARGEST_PROBE * this.#meter.perSecond, 2 * this.#leastPerSecond);
    if (target <= this.#perSecond) return;
    this.#collectTokens(nowMs);
    this.#perSecond = Math.min(target, proven);
  }

  #recoveryMs(): number {
    const attemptsMs = (LEAST_RECOVERY_ATTEMPTS * 1_000) / this.#rejectedPerSecond;
    return Math.max(this.#recoverMs, Math.min(LONGEST_RECOVERY_MS, attemptsMs));
  }

  #resizeWindow(): void {
    const { baseMs, perSecond: delivered } = this.#meter;
    if (baseMs === 0) return;
    // One more than was delivered, so that a very slow server can still be found to be quicker.
    const perSecond = Math.min(this.#perSecond, 1.25 * delivered + 1);
    // During a look half of what would keep the server busy, so that its queue empties.
    const gain = this.#drain === null ? this.#gain : 0.5;
    this.#window = Math.max(1, Math.ceil((gain * perSecond * baseMs) / 1_000));
  }

  #collectTokens(nowMs: number): void {
    const most = Math.max(1, (this.#perSecond * BURST_MS) / 1_000);
    this.#tokens = Math.min(most, this.#tokens + ((nowMs - this.#tokensAtMs) * this.#perSecond) / 1_000);
    this.#tokensAtMs = nowMs;
  }

  #tellSlowed(nowMs: number): void {
    const windowMs = Number.isNaN(this.#countingSinceMs) ? 0 : nowMs - this.#countingSinceMs;
    this.#onChange?.({ kind: 'limiter.slowed', requests: Math.max(1, this.#starts), windowMs, delayMs: this.delayMs });
    this.#starts = 0;
    this.#countingSinceMs = Number.NaN;
  }
}

function isInteractive(priority: Priority): boolean {
  return priority === 'critical' || priority === 'high';
}
