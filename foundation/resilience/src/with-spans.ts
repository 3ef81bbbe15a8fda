import { isOpsError } from '@breakwater/kernel';
import type { CallContext, Outcome, RunOptions } from './call-context.ts';
import type { AdmissionControl, BreakerControl, Pipeline, PipelineSnapshot } from './pipeline.ts';
import type { PipelineSpec } from './spec.ts';

/** The part of OpenTelemetry's `Span` that is used. */
export interface SpanLike {
  setAttribute(name: string, value: string | number): unknown;
  setStatus(status: { code: number; message?: string }): unknown;
  end(): void;
}

/** The part of OpenTelemetry's `Tracer` that is used. */
export interface TracerLike {
  startActiveSpan<Result>(
    name: string,
    options: { kind: number; attributes: Record<string, string | number> },
    run: (span: SpanLike) => Result,
  ): Result;
}

export interface WithSpansOptions {
  readonly tracer: TracerLike;
  /**
   * Ties a function to the context that is active now: `(callee) => context.bind(context.active(), callee)`. Without it a call that
   * had to wait runs in the context of whoever made room for it, so spans of the callee may hang below another call.
   */
  readonly bind?: <Callee extends (...args: never[]) => unknown>(callee: Callee) => Callee;
}

/** `SpanKind.CLIENT` and `SpanStatusCode.ERROR`, which the API fixes. */
const CLIENT = 2;
const ERROR = 2;

/** A pipeline that makes a span of every call, from the moment it is asked: queue, attempts and pauses are inside. */
export function withSpans(pipeline: Pipeline, options: WithSpansOptions): Pipeline {
  return new TracedPipeline(pipeline, options);
}

class TracedPipeline implements Pipeline {
  readonly #inner: Pipeline;
  readonly #options: WithSpansOptions;

  constructor(inner: Pipeline, options: WithSpansOptions) {
    this.#inner = inner;
    this.#options = options;
  }

  get key(): string {
    return this.#inner.key;
  }

  get spec(): PipelineSpec {
    return this.#inner.spec;
  }

  get breaker(): BreakerControl | null {
    return this.#inner.breaker;
  }

  get admission(): AdmissionControl | null {
    return this.#inner.admission;
  }

  async run<T>(callee: (context: CallContext) => T | PromiseLike<T>, options: RunOptions = {}): Promise<T> {
    const outcome = await this.attempt(callee, options);
    if (outcome.ok) return outcome.value;
    throw outcome.error;
  }

  attempt<T>(callee: (context: CallContext) => T | PromiseLike<T>, options: RunOptions = {}): Promise<Outcome<T>> {
    const { op = 'call', priority = 'normal' } = options;
    const attributes = { 'resilience.key': this.key, 'resilience.priority': priority };
    return this.#options.tracer.startActiveSpan(op, { kind: CLIENT, attributes }, async (span) => {
      const bound = this.#options.bind?.(callee) ?? callee;
      try {
        const outcome = await this.#inner.attempt(bound, options);
        describe(span, outcome);
        return outcome;
      } finally {
        span.end();
      }
    });
  }

  snapshot(): PipelineSnapshot {
    return this.#inner.snapshot();
  }

  close(): void {
    this.#inner.close();
  }
}

/** Codes only: the text of a foreign error may hold anything. */
function describe(span: SpanLike, outcome: Outcome<unknown>): void {
  span.setAttribute('resilience.attempts', outcome.meta.attempts);
  span.setAttribute('resilience.waited_ms', outcome.meta.waitedMs);
  if (outcome.ok) return;
  const { error } = outcome;
  const code = isOpsError(error) ? error.code : error instanceof Error ? error.name : 'UNKNOWN';
  span.setAttribute('error.type', code);
  span.setStatus({ code: ERROR, message: code });
}
