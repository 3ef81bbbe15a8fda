import type { ServerLimits } from '@breakwater/contract';

/** In the order in which people read them. */
export const LIMIT_NAMES = [
  'max_concurrent',
  'min_interval_ms',
  'failure_threshold',
  'request_timeout_ms',
  'thumbnail_ttl_ms',
  'list_ttl_ms',
] as const satisfies readonly (keyof ServerLimits)[];
