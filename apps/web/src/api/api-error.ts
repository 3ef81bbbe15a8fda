import type { Problem } from '@breakwater/contract';

/** What a request to the portal failed with. `status` 0: no answer came at all. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly requestId: string | null;
  readonly retryAfterMs: number | null;

  constructor(options: {
    readonly status: number;
    readonly code: string;
    readonly message: string;
    readonly details?: Readonly<Record<string, unknown>> | undefined;
    readonly requestId?: string | null;
    readonly retryAfterMs?: number | null;
    readonly cause?: unknown;
  }) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ApiError';
    this.status = options.status;
    this.code = options.code;
    this.details = options.details ?? {};
    this.requestId = options.requestId ?? null;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

/** A proxy between us may answer HTML: then only the status is known. */
export function toApiError(status: number, body: unknown, retryAfter: string | null): ApiError {
  const seconds = retryAfter === null ? Number.NaN : Number(retryAfter);
  const retryAfterMs = Number.isFinite(seconds) ? seconds * 1_000 : null;
  if (isProblem(body)) {
    return new ApiError({
      status,
      code: body.code,
      message: body.detail,
      details: body.details,
      requestId: body.request_id,
      retryAfterMs,
    });
  }
  return new ApiError({ status, code: 'WEB_ANSWER_UNREADABLE', message: `HTTP ${status}`, retryAfterMs });
}

function isProblem(value: unknown): value is Problem {
  if (typeof value !== 'object' || value === null) return false;
  const { code, detail, request_id: requestId } = value as Partial<Problem>;
  return typeof code === 'string' && typeof detail === 'string' && typeof requestId === 'string';
}
