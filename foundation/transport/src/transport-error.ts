import { isOpsError, OpsError } from '@breakwater/kernel';

/**
 * How far an attempt had come. `connect`: name look-up, waiting for a free connection and TCP; `tls`: handshake;
 * `first-byte`: the request may have left, no answer yet; `body`: the answer has begun.
 */
export type TransportPhase = 'connect' | 'tls' | 'first-byte' | 'body';

export interface FaultPlace {
  readonly origin: string;
  readonly phase: TransportPhase;
}

const UNREACHABLE = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN', 'EADDRNOTAVAIL']);
const RESET = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'UND_ERR_SOCKET', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED']);
const NAME = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA', 'EAI_NONAME', 'EAI_FAIL', 'ESERVFAIL']);
const CALLER = new Set(['UND_ERR_INVALID_ARG', 'ERR_INVALID_ARG_TYPE', 'ERR_INVALID_ARG_VALUE', 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH']);
const CLOSED = new Set(['UND_ERR_CLOSED', 'UND_ERR_DESTROYED']);

/** Words for a fault of the network, of TLS or of HTTP; an `OpsError` passes unchanged. */
export function toTransportError(error: unknown, place: FaultPlace): OpsError {
  if (isOpsError(error)) return error;
  const reason = readErrorCode(error);
  const make = (code: string, message: string): OpsError =>
    new OpsError({ code, message: `${message} (${place.origin})`, cause: error, details: { ...place, reason, sent: isSent(place.phase) } });
  if (reason === 'ETIMEDOUT') return createTimeoutError(place, { cause: error });
  if (reason === 'ECONNREFUSED') return make('TRANSPORT_REFUSED', 'The server refuses the connection');
  if (NAME.has(reason)) return make('TRANSPORT_DNS', 'The name of the server cannot be resolved');
  if (UNREACHABLE.has(reason)) return make('TRANSPORT_UNREACHABLE', 'There is no route to the server');
  if (RESET.has(reason)) return make('TRANSPORT_RESET', 'The server broke the connection');
  if (place.phase === 'tls' || reason === 'EPROTO' || reason.startsWith('ERR_SSL_') || reason.startsWith('ERR_TLS_')) {
    return make('TRANSPORT_TLS_FAILED', 'The TLS handshake failed');
  }
  if (CLOSED.has(reason)) return make('TRANSPORT_CLOSED', 'The transport is closed');
  if (CALLER.has(reason)) return make('TRANSPORT_REQUEST_INVALID', 'The request cannot be sent as it is');
  if (reason === 'UND_ERR_HEADERS_OVERFLOW' || reason === 'HPE_HEADER_OVERFLOW')
    return make('TRANSPORT_HEADERS_TOO_LARGE', 'The headers of the answer are too large');
  if (reason.startsWith('HPE_') || isParserError(error) || reason === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') {
    return make('TRANSPORT_PROTOCOL_ERROR', 'The answer is not valid HTTP');
  }
  return make('TRANSPORT_FAILED', 'The exchange with the server failed');
}

export function createTimeoutError(place: FaultPlace, options: { readonly timeoutMs?: number; readonly cause?: unknown } = {}): OpsError {
  const waited = options.timeoutMs === undefined ? '' : ` within ${options.timeoutMs} ms`;
  return new OpsError({
    code: 'TRANSPORT_TIMEOUT',
    message: `The server did not get past ${place.phase}${waited} (${place.origin})`,
    cause: options.cause,
    details: {
      ...place,
      ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
      sent: isSent(place.phase),
    },
  });
}

export function createCanceledError(place: FaultPlace, reason: unknown): OpsError {
  return new OpsError({
    code: 'TRANSPORT_CANCELED',
    message: `The exchange was canceled (${place.origin})`,
    cause: reason,
    details: { ...place, sent: isSent(place.phase) },
  });
}

/** Whether some byte of the request may have reached the server: if not, repeating it is harmless whatever it does. */
const isSent = (phase: TransportPhase): boolean => phase === 'first-byte' || phase === 'body';

/** undici's parser errors carry a code only for some faults. */
const isParserError = (error: unknown): boolean => error instanceof Error && error.name === 'HTTPParserError';

function readErrorCode(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  const { code } = error as { code?: unknown };
  if (typeof code === 'string') return code;
  // Node reports several failed addresses of one name as an AggregateError that need not carry a code of its own.
  if (error instanceof AggregateError) return readErrorCode(error.errors[0]);
  return '';
}
