/** Bounds within which a person may set a server's limits while it runs: outside them a server is overrun, or never asked. */
export const LIMIT_RANGES = {
  /** `ESXI_MAX_CONCURRENT` */
  max_concurrent: { min: 1, max: 32 },
  /** `ESXI_MIN_INTERVAL`, in milliseconds */
  min_interval_ms: { min: 0, max: 10_000 },
  /** `CB_FAILURE_THRESHOLD` */
  failure_threshold: { min: 1, max: 50 },
  /** `ESXI_REQUEST_TIMEOUT`, in milliseconds */
  request_timeout_ms: { min: 5_000, max: 120_000 },
  /** `THUMBNAIL_CACHE_TTL`, in milliseconds */
  thumbnail_ttl_ms: { min: 30_000, max: 3_600_000 },
  /** `VM_LIST_CACHE_TTL`, in milliseconds */
  list_ttl_ms: { min: 15_000, max: 600_000 },
} as const;

/** How long a change by hand lasts, in minutes. */
export const HOLD_MINUTES = { min: 0.05, max: 1_440, usual: 15 } as const;
