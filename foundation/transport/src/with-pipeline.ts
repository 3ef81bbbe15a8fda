import { isOpsError } from '@breakwater/kernel';
import type { Pipeline } from '@breakwater/resilience';
import type { Transport, TransportRequest } from './transport.ts';
import { createCanceledError } from './transport-error.ts';

/**
 * The pipeline's attempt timeout comes this much later than the request's own, so that the transport's timeout, which
 * knows how far the attempt had come, is the one that speaks.
 */
const BACKSTOP_MS = 1_000;

/** Puts a pipeline around a transport: every exchange of every client on it passes deadline, retry, breaker and limiter. */
export function withPipeline(transport: Transport, options: { readonly pipeline: Pipeline }): Transport {
  const { pipeline } = options;
  return {
    origin: transport.origin,
    async exchange(request, read) {
      try {
        return await pipeline.run((attempt) => transport.exchange({ ...request, signal: attempt.signal }, read), {
          op: request.operation,
          priority: request.priority,
          idempotent: request.idempotent,
          lane: request.lane ?? 'call',
          signal: request.signal,
          ...toAttemptTimeout(request),
        });
      } catch (error) {
        throw unifyCancellation(error, { request, origin: transport.origin });
      }
    },
    pool: () => transport.pool(),
    close: () => transport.close(),
  };
}

function toAttemptTimeout(request: TransportRequest): { readonly timeoutMs?: number } {
  // A parked exchange is silent by design; the transport's own limit is the only one.
  if (request.timeoutMs === undefined || request.lane === 'parked') return {};
  return { timeoutMs: request.timeoutMs + BACKSTOP_MS };
}

/** A pipeline rejects with the bare reason of the caller's signal; behind the seam a cancellation looks the same with and without one. */
function unifyCancellation(error: unknown, call: { readonly request: TransportRequest; readonly origin: string }): unknown {
  const { signal } = call.request;
  if (signal?.aborted !== true || error !== signal.reason || isOpsError(error)) return error;
  return createCanceledError({ origin: call.origin, phase: 'connect' }, error);
}
