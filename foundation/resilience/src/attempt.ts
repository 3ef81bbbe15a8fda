import type { Priority } from '@breakwater/kernel';
import type { Call } from './call.ts';
import type { CallContext } from './call-context.ts';
import type { Expiring, ExpiryHolder } from './deadline-list.ts';

/**
 * `running`: its end decides. `abandoned`: the call has gone on without it, but the server is still at work, so it keeps its slot.
 * `ended`: nothing is left of it.
 */
type AttemptState = 'running' | 'abandoned' | 'ended';

/** One attempt: what the callee sees of the pipeline, and the place where its answer arrives. */
export class Attempt implements CallContext, Expiring {
  readonly #call: Call;
  readonly attempt: number;
  readonly startedAtMs: number;
  /** The breaker's permit. */
  readonly permit: number;
  readonly timeoutMs: number | undefined;
  /** When it ended, or was given up; the start until then. */
  nowMs: number;
  state: AttemptState = 'running';
  expiry: ExpiryHolder | null = null;
  expiresAtMs = Number.POSITIVE_INFINITY;
  earlier: Expiring | null = null;
  later: Expiring | null = null;
  #controller: AbortController | null = null;
  #abortReason: unknown;

  constructor(
    call: Call,
    options: { readonly number: number; readonly startedAtMs: number; readonly permit: number; readonly timeoutMs: number | undefined },
  ) {
    this.#call = call;
    this.attempt = options.number;
    this.startedAtMs = options.startedAtMs;
    this.permit = options.permit;
    this.timeoutMs = options.timeoutMs;
    this.nowMs = options.startedAtMs;
  }

  get op(): string {
    return this.#call.op;
  }

  get key(): string {
    return this.#call.key;
  }

  get priority(): Priority {
    return this.#call.priority;
  }

  get fairKey(): string | undefined {
    return this.#call.fairKey;
  }

  get idempotent(): boolean {
    return this.#call.idempotent;
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.state === 'abandoned') this.#controller.abort(this.#abortReason);
    }
    return this.#controller.signal;
  }

  remainingMs(): number {
    const endMs = Math.min(
      this.timeoutMs === undefined ? Number.POSITIVE_INFINITY : this.startedAtMs + this.timeoutMs,
      this.#call.expiresAtMs,
    );
    return Math.max(0, endMs - this.#call.nowMs());
  }

  /** Calls the callee. Its answer may come before this returns. */
  run(callee: (context: CallContext) => unknown): void {
    let answer: unknown;
    try {
      answer = callee(this);
    } catch (error) {
      // One turn later: a promise that is rejected before anybody can listen to it costs Node a multiple.
      void Promise.resolve().then(() => this.#fail(error));
      return;
    }
    if (isThenable(answer)) {
      answer.then(
        (value) => this.#answer(value),
        (error: unknown) => this.#fail(error),
      );
    } else {
      this.#answer(answer);
    }
  }

  /** Goes on without it. `reason` reaches the callee by its signal. */
  abandon(reason: unknown): void {
    this.state = 'abandoned';
    this.#abortReason = reason;
    this.#controller?.abort(reason);
  }

  /** While running: the attempt timeout. Abandoned: it has kept its slot long enough. */
  onExpired(nowMs: number): void {
    this.nowMs = nowMs;
    if (this.state === 'running') this.#call.onAttemptTimeout(this);
    else this.#finishAbandoned();
  }

  #answer(value: unknown): void {
    if (this.#end()) this.#call.onAttemptAnswered(this, value);
  }

  #fail(error: unknown): void {
    if (this.#end()) this.#call.onAttemptEnded(this, { ok: false, error });
  }

  /** True when the call is still interested. */
  #end(): boolean {
    if (this.state === 'ended') return false;
    this.nowMs = this.#call.nowMs();
    this.expiry?.remove(this);
    if (this.state === 'abandoned') {
      this.#finishAbandoned();
      return false;
    }
    this.state = 'ended';
    return true;
  }

  #finishAbandoned(): void {
    this.state = 'ended';
    this.#call.onAbandonedEnded(this.nowMs);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return value !== null && typeof value === 'object' && 'then' in value && typeof value.then === 'function';
}
