import { isOpsError, OpsError } from '@breakwater/kernel';

export type ResilienceCode =
  /** The breaker is open, or half-open with all probes taken. `retryAfterMs` says when it may admit again. */
  | 'RESILIENCE_CIRCUIT_OPEN'
  /** The queue is full and everything in it is at least as urgent. */
  | 'RESILIENCE_QUEUE_FULL'
  /** The whole operation (queue, attempts and pauses together) ran out of time. */
  | 'RESILIENCE_DEADLINE'
  /** One attempt got no answer in time. */
  | 'RESILIENCE_ATTEMPT_TIMEOUT'
  /** The pipeline was closed. */
  | 'RESILIENCE_CLOSED'
  /** A specification contradicts itself or is out of range. */
  | 'RESILIENCE_SPEC_INVALID'
  /** A load answered with a value that the cache's `accept` refuses, and there is nothing older to serve. */
  | 'RESILIENCE_VALUE_REFUSED';

export interface ResilienceErrorOptions {
  readonly code: ResilienceCode;
  readonly message: string;
  readonly key?: string;
  readonly retryAfterMs?: number | undefined;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** Raised by a policy, never by a callee. */
export class ResilienceError extends OpsError {
  declare readonly code: ResilienceCode;
  readonly key: string;
  /** Milliseconds after which another try makes sense; undefined when nobody knows. */
  readonly retryAfterMs: number | undefined;

  constructor(options: ResilienceErrorOptions) {
    super({
      code: options.code,
      message: options.message,
      ...(options.cause === undefined ? {} : { cause: options.cause }),
      details: {
        key: options.key ?? '',
        ...(options.retryAfterMs === undefined ? {} : { retryAfterMs: options.retryAfterMs }),
        ...options.details,
      },
    });
    this.name = 'ResilienceError';
    this.key = options.key ?? '';
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** True for any copy of `ResilienceError`: judged by brand and code, not by class. */
export function isResilienceError(value: unknown): value is ResilienceError {
  return isOpsError(value) && value.code.startsWith('RESILIENCE_');
}
