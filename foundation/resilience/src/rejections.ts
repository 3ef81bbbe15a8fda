import type { QueueRefusal } from './admission.ts';
import { type ResilienceCode, ResilienceError } from './resilience-error.ts';

/** Codes of a call that a pipeline ends by itself. */
export type RejectionCode = Exclude<ResilienceCode, 'RESILIENCE_SPEC_INVALID' | 'RESILIENCE_VALUE_REFUSED'>;

/** What made a pipeline end a call, where the code alone does not say it. */
export type RejectionWhy = QueueRefusal['why'] | 'unmeetable';

export interface RejectionFacts {
  readonly op: string;
  readonly attempts: number;
  readonly retryAfterMs?: number | undefined;
  readonly why?: RejectionWhy | undefined;
}

/** What is known beyond the call itself. */
export type RejectionReason = Pick<RejectionFacts, 'why' | 'retryAfterMs'>;

/**
 * Makes the errors with which a pipeline ends calls. They come in thousands while a server is down, and nearly all the price of an
 * error is the capture of a stack that says nothing here. So one whole error is made for each code, and each rejection is an object on
 * top of it with facts of its own: an `instanceof Error`, a `ResilienceError` and an `OpsError` to everybody who asks.
 */
export class Rejections {
  readonly #key: string;
  /** Made with the first rejection: most servers of a large fleet never cause one. */
  #models: Map<RejectionCode, ResilienceError> | null = null;

  constructor(key: string) {
    this.#key = key;
  }

  create(code: RejectionCode, facts: RejectionFacts): ResilienceError {
    const { op, attempts, why } = facts;
    // Nobody knows when what was closed by hand will be opened again.
    const retryAfterMs = facts.retryAfterMs === Number.POSITIVE_INFINITY ? undefined : facts.retryAfterMs;
    const key = this.#key;
    const rejection = Object.create(this.#model(code)) as { -readonly [P in keyof ResilienceError]: ResilienceError[P] };
    // Own, though inherited: serializers of loggers look at own properties only.
    rejection.code = code;
    rejection.message = toMessage(code, { key, op, retryAfterMs, why });
    rejection.retryAfterMs = retryAfterMs;
    rejection.details = why === undefined ? { key, op, attempts, retryAfterMs } : { key, op, attempts, retryAfterMs, why };
    return rejection;
  }

  #model(code: RejectionCode): ResilienceError {
    this.#models ??= new Map();
    let model = this.#models.get(code);
    if (model === undefined) {
      const message = toMessage(code, { key: this.#key, op: 'a call', retryAfterMs: undefined, why: undefined });
      model = new ResilienceError({ code, key: this.#key, message });
      // The frames of whoever came first would mislead everybody else.
      model.stack = `${model.name}: ${message}`;
      this.#models.set(code, model);
    }
    return model;
  }
}

/** For logs; people read the text that the UI has for the code. */
function toMessage(
  code: RejectionCode,
  facts: {
    readonly key: string;
    readonly op: string;
    readonly retryAfterMs: number | undefined;
    readonly why: RejectionWhy | undefined;
  },
): string {
  const { key, op, retryAfterMs } = facts;
  switch (code) {
    case 'RESILIENCE_CIRCUIT_OPEN':
      return `Circuit breaker of ${key} is open; ${op} was not sent${toAdvice(retryAfterMs)}.`;
    case 'RESILIENCE_QUEUE_FULL':
      return `${toQueueText(key, facts.why)}; ${op} was turned away${toAdvice(retryAfterMs)}.`;
    case 'RESILIENCE_DEADLINE':
      return facts.why === 'unmeetable'
        ? `${op} on ${key} was not sent: too little time was left for an answer.`
        : `${op} on ${key} ran out of time.`;
    case 'RESILIENCE_ATTEMPT_TIMEOUT':
      return `${op} on ${key} got no answer in time.`;
    case 'RESILIENCE_CLOSED':
      return `Pipeline of ${key} is closed; ${op} was turned away.`;
  }
}

function toAdvice(retryAfterMs: number | undefined): string {
  return retryAfterMs === undefined ? '' : `, try again in ${Math.ceil(retryAfterMs)} ms`;
}

function toQueueText(key: string, why: RejectionWhy | undefined): string {
  switch (why) {
    case 'expected-wait':
      return `${key} would need too long for what waits already`;
    case 'displaced':
      return `Queue of ${key} is full and another call had more right to the place`;
    case 'length':
    case 'unmeetable':
    case undefined:
      return `Queue of ${key} is full`;
  }
}
