import type { ResilienceCode } from './resilience-error.ts';

/** Codes of a call that a pipeline ends by itself. */
export type RejectionCode = Exclude<ResilienceCode, 'RESILIENCE_SPEC_INVALID' | 'RESILIENCE_VALUE_REFUSED'>;

export interface RejectionFacts {
  readonly key: string;
  readonly op: string;
  readonly retryAfterMs: number | undefined;
}

/** For logs; people read the text that the UI has for the code. */
export function toRejectionMessage(code: RejectionCode, facts: RejectionFacts): string {
  const { key, op } = facts;
  switch (code) {
    case 'RESILIENCE_CIRCUIT_OPEN':
      return `Circuit breaker of ${key} is open; ${op} may be tried again in ${((facts.retryAfterMs ?? 0) / 1_000).toFixed(1)} s.`;
    case 'RESILIENCE_QUEUE_FULL':
      return `Queue of ${key} is full; ${op} was turned away.`;
    case 'RESILIENCE_DEADLINE':
      return `${op} on ${key} ran out of time.`;
    case 'RESILIENCE_ATTEMPT_TIMEOUT':
      return `${op} on ${key} got no answer in time.`;
    case 'RESILIENCE_CLOSED':
      return `Pipeline of ${key} is closed; ${op} was turned away.`;
  }
}
