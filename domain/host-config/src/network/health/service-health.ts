import type { ProbeAnswer } from '../../ports/download-door.ts';

/** Spec 05: below 1 s, from 1 s to 3 s, and beyond or failed. */
export interface ServiceHealth {
  readonly service: string;
  readonly status: 'healthy' | 'degraded' | 'unhealthy';
  readonly url: string;
  /** Null when nothing was sent. */
  readonly tookMs: number | null;
  readonly statusCode: number | null;
  readonly phasesMs: ProbeAnswer['phasesMs'] | null;
  /** By how much the service's clock is ahead of this one's; resolution a second. Null: it did not say. */
  readonly clockSkewMs: number | null;
  /** Why it is unhealthy; null otherwise. */
  readonly cause: string | null;
}

export interface HealthOptions {
  /** Default: those of `health_checks.services`. */
  readonly services?: readonly string[];
  /** `always` asks also where a breaker is open. Default `admitted`: then it is unhealthy without being asked, until a probe is due. */
  readonly asks?: 'admitted' | 'always';
}
