import { exponentialBackoff } from '../backoff.ts';
import type { LimiterSpec } from '../limiter-spec.ts';
import type { PipelineSpec } from '../spec.ts';
import type { Classifier } from '../verdict.ts';

/** What spec 01 and spec 02 let an operator set for one server. Milliseconds, where the documents have seconds. */
export interface EsxiLimits {
  /** `ESXI_MAX_CONCURRENT` */
  readonly maxConcurrent: number;
  /** `ESXI_MIN_INTERVAL` */
  readonly minIntervalMs: number;
  /** `CB_FAILURE_THRESHOLD` */
  readonly failureThreshold: number;
  /** `CB_RECOVERY_TIMEOUT` */
  readonly recoveryMs: number;
  /** `CB_SUCCESS_THRESHOLD` */
  readonly successThreshold: number;
  readonly requestTimeoutMs: number;
}

/** Values that belong to ESXi and not to the pipeline: how long its lists and screens stay good, how long a screen may take. */
export interface EsxiRefresh {
  /** `VM_LIST_CACHE_TTL` */
  readonly listFreshMs: number;
  /** `THUMBNAIL_CACHE_TTL` */
  readonly screenFreshMs: number;
}

/** Spec 01. */
export const ESXI_LIMITS: EsxiLimits = {
  maxConcurrent: 4,
  minIntervalMs: 150,
  failureThreshold: 5,
  recoveryMs: 30_000,
  successThreshold: 3,
  requestTimeoutMs: 30_000,
};

/** Spec 02, where it differs: three times as many at once. */
export const ESXI_CLASSIC_LIMITS: EsxiLimits = { ...ESXI_LIMITS, maxConcurrent: 12 };

/** Spec 01: a host draws the picture first, but nobody waits longer for one. Passed with each call as `timeoutMs`. */
export const ESXI_SCREEN_TIMEOUT_MS = 20_000;

export const ESXI_REFRESH: EsxiRefresh = { listFreshMs: 60_000, screenFreshMs: 120_000 };

export type EsxiSiteSize = 'small' | 'middle' | 'large';

export interface EsxiSite extends EsxiRefresh {
  /** Machines on one host up to which the row is meant. */
  readonly machinesUpTo: number;
  readonly maxConcurrent: number;
  readonly minIntervalMs: number;
}

/** Spec 01, "Performance Tuning". */
export const ESXI_SITES: Readonly<Record<EsxiSiteSize, EsxiSite>> = {
  small: { machinesUpTo: 20, maxConcurrent: 6, minIntervalMs: 100, listFreshMs: 60_000, screenFreshMs: 180_000 },
  middle: { machinesUpTo: 50, maxConcurrent: 4, minIntervalMs: 150, listFreshMs: 60_000, screenFreshMs: 120_000 },
  large: { machinesUpTo: 100, maxConcurrent: 4, minIntervalMs: 200, listFreshMs: 120_000, screenFreshMs: 300_000 },
};

export interface EsxiPresetOptions {
  /** Instead of single values of `ESXI_LIMITS`. */
  readonly limits?: Partial<EsxiLimits>;
  /** Default: `{ kind: 'pacedWindow' }`. `{ kind: 'delay' }` has the pauses of spec 02, `law: 'as-written'` its law word for word. */
  readonly limiter?: LimiterSpec;
  readonly classify?: Classifier;
}

/** The pipeline of one ESXi host or vCenter with the defaults of spec 01, and inside its bounds a pace that is learned. */
export function esxiPreset(options: EsxiPresetOptions = {}): PipelineSpec {
  const limits = { ...ESXI_LIMITS, ...options.limits };
  return {
    // Two whole attempts with a pause between them, and as long again in the queue.
    deadlineMs: limits.requestTimeoutMs * 4,
    // A read is asked again quickly and rarely: what repeats is load, and the breaker counts every attempt.
    retry: { attempts: 3, backoff: exponentialBackoff({ firstMs: 1_000, capMs: 10_000, floorMs: 250 }) },
    breaker: {
      trip: { kind: 'consecutive', failures: limits.failureThreshold },
      openMs: limits.recoveryMs,
      halfOpen: { probes: 1, successes: limits.successThreshold },
    },
    admission: {
      maxConcurrent: limits.maxConcurrent,
      minIntervalMs: limits.minIntervalMs,
      limiter: options.limiter ?? { kind: 'pacedWindow' },
    },
    attempt: { timeoutMs: limits.requestTimeoutMs },
    ...(options.classify === undefined ? {} : { classify: options.classify }),
  };
}

/** The pipeline of spec 02 with nothing repaired: its bounds, and its law word for word. For comparison; the README says what it costs. */
export function esxiClassicPreset(options: Omit<EsxiPresetOptions, 'limiter'> = {}): PipelineSpec {
  const limits = { ...ESXI_CLASSIC_LIMITS, ...options.limits };
  return esxiPreset({ ...options, limits, limiter: { kind: 'delay', law: 'as-written' } });
}
