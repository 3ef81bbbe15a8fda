import type { Priority } from '@breakwater/kernel';
import type { CallContext, RunOptions } from './call-context.ts';
import type { PipelineCore } from './pipeline-core.ts';
import { classifyByDefault, IGNORED, type Settlement, SUCCESS, type Verdict } from './verdict.ts';

/** At first every call is timed, later one of so many: reading a clock twice costs as much as all the rest of a direct call. */
const TIMED_AT_FIRST = 128;
const TIMED_LATER = 16;
/** For successes of which nobody wants to know when they were. */
const NO_TIMES = { nowMs: 0, startedAtMs: 0 };

/** Whether only its callee can end this call: nothing rejects it, makes it wait, gives it up or repeats it. */
export function isDirect(core: PipelineCore, options: RunOptions): boolean {
  return (
    core.isUntimed &&
    !core.isClosed &&
    (core.breaker === null || (core.breaker.isAlone && core.breaker.state === 'closed')) &&
    !core.hears('call.ended') &&
    options.signal === undefined &&
    options.deadlineMs === undefined &&
    options.timeoutMs === undefined &&
    options.within === undefined &&
    options.lane === undefined &&
    (options.idempotent !== true || core.spec.retry === undefined)
  );
}

/** The short way through a pipeline: a direct call has no place in any list, so it is awaited where it is made. */
export async function runDirectly<T>(call: DirectCall, callee: (context: CallContext) => T | PromiseLike<T>): Promise<T> {
  let value: T;
  try {
    value = await callee(call);
  } catch (error) {
    throw call.fail(error);
  }
  call.succeed(value);
  return value;
}

/** What a direct call needs to know, and what its callee sees of it. */
export class DirectCall implements CallContext {
  readonly #core: PipelineCore;
  readonly #options: RunOptions;
  readonly #permit: number;
  /** Null: not timed. */
  readonly #startedAtMs: number | null;
  #signal: AbortSignal | null = null;

  /** The call must be direct. */
  constructor(core: PipelineCore, options: RunOptions) {
    const { breaker, counts } = core;
    const isTimed = counts.ok < TIMED_AT_FIRST || counts.ok % TIMED_LATER === 0 || breaker?.needsTimes === true;
    this.#core = core;
    this.#options = options;
    this.#startedAtMs = isTimed ? core.clock.now() : null;
    this.#permit = breaker === null ? 0 : breaker.admit(0);
    counts.total++;
    core.retryBudget?.earn();
  }

  get attempt(): number {
    return 1;
  }

  get op(): string {
    return this.#options.op ?? 'call';
  }

  get key(): string {
    return this.#core.key;
  }

  get priority(): Priority {
    return this.#options.priority ?? 'normal';
  }

  get fairKey(): string | undefined {
    return this.#options.fairKey;
  }

  get idempotent(): boolean {
    return this.#options.idempotent === true;
  }

  /** Never aborts: nothing gives a direct call up. */
  get signal(): AbortSignal {
    this.#signal ??= new AbortController().signal;
    return this.#signal;
  }

  remainingMs(): number {
    return Number.POSITIVE_INFINITY;
  }

  /** Throws what the classifier throws. */
  succeed(value: unknown): void {
    const core = this.#core;
    if (core.spec.classify !== undefined) {
      this.#judge({ ok: true, value });
    } else if (this.#startedAtMs !== null) {
      this.#settle(SUCCESS);
    } else {
      core.counts.ok++;
      core.breaker?.settle(this.#permit, SUCCESS, NO_TIMES);
    }
  }

  /** The error to throw. */
  fail(error: unknown): unknown {
    try {
      this.#judge({ ok: false, error });
      return error;
    } catch (classifierError) {
      return classifierError;
    }
  }

  #judge(settlement: Settlement): void {
    const { classify = classifyByDefault } = this.#core.spec;
    let verdict: Verdict = IGNORED;
    try {
      verdict = classify(settlement, this);
    } finally {
      // A classifier that throws is a defect on our side: the caller hears of it, the server is not blamed.
      this.#settle(verdict);
    }
  }

  #settle(verdict: Verdict): void {
    const core = this.#core;
    const startedAtMs = this.#startedAtMs;
    const nowMs = core.clock.now();
    core.countAttempt(verdict, startedAtMs === null ? null : nowMs - startedAtMs);
    core.breaker?.settle(this.#permit, verdict, { nowMs, startedAtMs: startedAtMs ?? nowMs });
  }
}
