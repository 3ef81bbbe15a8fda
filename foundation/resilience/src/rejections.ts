import { type ResilienceCode, ResilienceError } from './resilience-error.ts';

/** Codes of a call that a pipeline ends by itself. */
export type RejectionCode = Exclude<ResilienceCode, 'RESILIENCE_SPEC_INVALID' | 'RESILIENCE_VALUE_REFUSED'>;

export interface RejectionFacts {
  readonly op: string;
  readonly attempts: number;
  readonly retryAfterMs?: number | undefined;
}

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
    const { op, attempts } = facts;
    // Nobody knows when what was closed by hand will be opened again.
    const retryAfterMs = facts.retryAfterMs === Number.POSITIVE_INFINITY ? undefined : facts.retryAfterMs;
    const key = this.#key;
    const rejection = Object.create(this.#model(code)) as { -readonly [P in keyof ResilienceError]: ResilienceError[P] };
    // Own, though inherited: serializers of loggers look at own properties only.
    rejection.code = code;
    rejection.message = toMessage(code, { key, op, retryAfterMs });
    rejection.retryAfterMs = retryAfterMs;
    rejection.details = { key, op, attempts, retryAfterMs };
    return rejection;
  }

  #model(code: RejectionCode): ResilienceError {
    this.#models ??= new Map();
    let model = this.#models.get(code);
    if (model === undefined) {
      const message = toMessage(code, { key: this.#key, op: 'a call', retryAfterMs: undefined });
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
  facts: { readonly key: string; readonly op: string; readonly retryAfterMs: number | undefined },
): string {
  const { key, op, retryAfterMs } = facts;
  switch (code) {
    case 'RESILIENCE_CIRCUIT_OPEN':
      return `Circuit breaker of ${key} is open; ${op} was not sent${retryAfterMs === undefined ? '' : `, try again in ${Math.ceil(retryAfterMs)} ms`}.`;
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
