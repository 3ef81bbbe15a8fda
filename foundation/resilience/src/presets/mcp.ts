import { type Backoff, exponentialBackoff } from '../backoff.ts';
import type { PipelineSpec } from '../spec.ts';
import type { Classifier } from '../verdict.ts';

/** What spec 04 lets an operator set for one device. Milliseconds, where the document has seconds. */
export interface McpLimits {
  /** `retry_max_attempts`; calls in all, the first included. */
  readonly attempts: number;
  /** `retry_min_wait` */
  readonly minWaitMs: number;
  /** `retry_max_wait` */
  readonly maxWaitMs: number;
  /** `circuit_breaker_enabled` */
  readonly breaker: 'on' | 'off';
  /** `circuit_breaker_fail_max` */
  readonly failureThreshold: number;
  /** `circuit_breaker_timeout` */
  readonly recoveryMs: number;
  /** `timeout` */
  readonly timeoutMs: number;
  /** `connector_limit_per_host` */
  readonly maxConcurrent: number;
}

export const MCP_LIMITS: McpLimits = {
  attempts: 3,
  minWaitMs: 1_000,
  maxWaitMs: 10_000,
  breaker: 'on',
  failureThreshold: 5,
  recoveryMs: 60_000,
  timeoutMs: 30_000,
  maxConcurrent: 30,
};

export type McpUseCase = 'high-latency' | 'critical' | 'development' | 'fails-too-slowly' | 'opens-too-quickly' | 'stays-open-too-long';

/** Spec 04, "Adjust for Specific Use Cases" and "Troubleshooting": what differs from `MCP_LIMITS`. */
export const MCP_USE_CASES: Readonly<Record<McpUseCase, Partial<McpLimits>>> = {
  'high-latency': { timeoutMs: 60_000, maxWaitMs: 30_000 },
  critical: { attempts: 5, failureThreshold: 10 },
  development: { breaker: 'off', attempts: 1 },
  'fails-too-slowly': { attempts: 2, maxWaitMs: 5_000 },
  'opens-too-quickly': { failureThreshold: 10 },
  'stays-open-too-long': { recoveryMs: 30_000 },
};

/** Spec 04: `min(max_wait, max(min_wait, multiplier * 2 ** attempt))`, multiplier 1 s, no jitter; its log shows 2 s after the second attempt. */
export function mcpBackoff(waits: { readonly minWaitMs: number; readonly maxWaitMs: number; readonly multiplierMs?: number }): Backoff {
  const { minWaitMs, maxWaitMs, multiplierMs = 1_000 } = waits;
  return exponentialBackoff({ firstMs: multiplierMs, factor: 2, floorMs: minWaitMs, capMs: maxWaitMs, jitter: 'none' });
}

/** The pipeline of one device with the defaults of spec 04. Validation errors must be `ignored` by `classify`: neither repeated nor counted. */
export function mcpPreset(options: { readonly limits?: Partial<McpLimits>; readonly classify?: Classifier } = {}): PipelineSpec {
  const limits = { ...MCP_LIMITS, ...options.limits };
  return {
    retry: { attempts: limits.attempts, backoff: mcpBackoff(limits) },
    breaker: {
      trip: { kind: 'consecutive', failures: limits.failureThreshold },
      openMs: limits.recoveryMs,
      halfOpen: { probes: 1, successes: 1 },
      mode: limits.breaker === 'on' ? 'active' : 'disabled',
    },
    admission: { maxConcurrent: limits.maxConcurrent },
    attempt: { timeoutMs: limits.timeoutMs },
    ...(options.classify === undefined ? {} : { classify: options.classify }),
  };
}
