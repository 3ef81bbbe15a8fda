import { type Backoff, exponentialBackoff } from '../backoff.ts';
import type { PipelineSpec } from '../spec.ts';
import type { Classifier } from '../verdict.ts';

/** What spec 05 lets an operator set. Milliseconds, where the document has seconds. */
export interface InstallerLimits {
  /** `circuit_breaker.failure_threshold` */
  readonly failureThreshold: number;
  /** `circuit_breaker.timeout` */
  readonly recoveryMs: number;
  /** `circuit_breaker.success_threshold` */
  readonly successThreshold: number;
  /** `network_retry.max_retries`: attempts in all, as the document's sequence counts them. */
  readonly attempts: number;
  /** `network_retry.initial_delay` */
  readonly initialDelayMs: number;
  /** `network_retry.max_delay`, before jitter */
  readonly maxDelayMs: number;
  /** `network_retry.exponential_base` */
  readonly base: number;
  /** `network_retry.jitter`: up to a tenth on top, or none. */
  readonly jitter: 'tenth' | 'none';
}

export const INSTALLER_LIMITS: InstallerLimits = {
  failureThreshold: 3,
  recoveryMs: 60_000,
  successThreshold: 1,
  attempts: 3,
  initialDelayMs: 1_000,
  maxDelayMs: 30_000,
  base: 2,
  jitter: 'tenth',
};

export type InstallerOperation = 'apt-update' | 'apt-install' | 'download' | 'large-download' | 'git-clone' | 'http-request';

/** Spec 05, "Timeout Handling". */
export const INSTALLER_TIMEOUTS_MS: Readonly<Record<InstallerOperation, number>> = {
  'apt-update': 300_000,
  'apt-install': 600_000,
  download: 600_000,
  'large-download': 1_800_000,
  'git-clone': 300_000,
  'http-request': 30_000,
};

/** Spec 05: one breaker for each of these. */
export const INSTALLER_SERVICES = ['apt_repository', 'github', 'docker_hub', 'microsoft_packages', 'external_downloads'] as const;

/** Spec 05: `min(initial * base ** attempt, max)`, plus up to a tenth of that. */
export function installerBackoff(limits: Pick<InstallerLimits, 'initialDelayMs' | 'maxDelayMs' | 'base' | 'jitter'>): Backoff {
  return exponentialBackoff({
    firstMs: limits.initialDelayMs,
    factor: limits.base,
    capMs: limits.maxDelayMs,
    jitter: limits.jitter === 'tenth' ? { proportional: 0.1 } : 'none',
  });
}

export interface InstallerPresetOptions {
  readonly operation: InstallerOperation;
  readonly limits?: Partial<InstallerLimits>;
  readonly classify?: Classifier;
}

/**
 * The pipeline of one service with the defaults of spec 05. Operations of a service share a breaker when they share a pipeline: make
 * it for the one that is used most and pass `INSTALLER_TIMEOUTS_MS` as `timeoutMs` of the others.
 */
export function installerPreset(options: InstallerPresetOptions): PipelineSpec {
  const limits = { ...INSTALLER_LIMITS, ...options.limits };
  return {
    retry: { attempts: limits.attempts, backoff: installerBackoff(limits) },
    breaker: {
      trip: { kind: 'consecutive', failures: limits.failureThreshold },
      openMs: limits.recoveryMs,
      halfOpen: { probes: 1, successes: limits.successThreshold },
    },
    // Package managers take a lock on the whole machine: side by side they only wait for each other.
    admission: { maxConcurrent: 1, interactiveReserve: 0 },
    attempt: { timeoutMs: INSTALLER_TIMEOUTS_MS[options.operation] },
    ...(options.classify === undefined ? {} : { classify: options.classify }),
  };
}
