import type { LimitPreset, ServerLimits } from '@breakwater/contract';
import { ESXI_LIMITS, ESXI_REFRESH, ESXI_SITES, type EsxiSite } from '@breakwater/resilience';
import type { FleetOptions } from './options.ts';
import type { LinkLimits } from './ports/server-link.ts';

const USUAL = { failure_threshold: ESXI_LIMITS.failureThreshold, request_timeout_ms: ESXI_LIMITS.requestTimeoutMs } as const;

const ofSite = (site: EsxiSite): ServerLimits => ({
  ...USUAL,
  max_concurrent: site.maxConcurrent,
  min_interval_ms: site.minIntervalMs,
  thumbnail_ttl_ms: site.screenFreshMs,
  list_ttl_ms: site.listFreshMs,
});

/** The tuning tables of the documents. What a row leaves open is spec 01's default. */
export const LIMIT_PRESETS: Readonly<Record<LimitPreset, ServerLimits>> = {
  small: ofSite(ESXI_SITES.small),
  middle: ofSite(ESXI_SITES.middle),
  large: ofSite(ESXI_SITES.large),
  /** Spec 02, more than 200 machines. */
  huge: { ...USUAL, max_concurrent: 6, min_interval_ms: ESXI_LIMITS.minIntervalMs, thumbnail_ttl_ms: 180_000, list_ttl_ms: 90_000 },
  /** Spec 01's column "faster"; of its 8 to 12 the careful end. */
  faster: {
    max_concurrent: 8,
    min_interval_ms: 50,
    failure_threshold: 3,
    request_timeout_ms: 10_000,
    thumbnail_ttl_ms: 60_000,
    list_ttl_ms: ESXI_REFRESH.listFreshMs,
  },
  /** Spec 01's column "more stable"; of its 3 to 4 the careful end. */
  stabler: {
    max_concurrent: 3,
    min_interval_ms: 200,
    failure_threshold: 10,
    request_timeout_ms: 30_000,
    thumbnail_ttl_ms: 300_000,
    list_ttl_ms: ESXI_REFRESH.listFreshMs,
  },
};

/** What holds while nobody has set anything by hand. */
export function toConfiguredLimits(link: LinkLimits, options: Pick<FleetOptions, 'thumbnailTtlMs' | 'vmListTtlMs'>): ServerLimits {
  return {
    max_concurrent: link.maxConcurrent,
    min_interval_ms: link.minIntervalMs,
    failure_threshold: link.failureThreshold,
    request_timeout_ms: link.requestTimeoutMs,
    thumbnail_ttl_ms: options.thumbnailTtlMs,
    list_ttl_ms: options.vmListTtlMs,
  };
}

export const toLinkLimits = (limits: ServerLimits): LinkLimits => ({
  maxConcurrent: limits.max_concurrent,
  minIntervalMs: limits.min_interval_ms,
  failureThreshold: limits.failure_threshold,
  requestTimeoutMs: limits.request_timeout_ms,
});
