import type { Problem } from '@breakwater/contract';
import { isOpsError, OpsError } from '@breakwater/kernel';

/** Statuses of codes that do not follow from their area. */
const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  FLEET_SERVER_UNKNOWN: 404,
  FLEET_MACHINE_UNKNOWN: 404,
  FLEET_OPERATION_UNKNOWN: 404,
  FLEET_DEAD_LETTER_UNKNOWN: 404,
  FLEET_PASSWORD_REQUIRED: 422,
  FLEET_BREAKER_OPEN: 503,
  FLEET_STOPPED: 503,
  FLEET_CONSOLE_TARGET_REFUSED: 502,
  FLEET_PROBE_TIMEOUT: 504,
  FLEET_JOURNAL_FAILED: 500,
  FLEET_CONTROL_FAILED: 500,
  FLEET_LIMITS_INVALID: 422,
  HOST_SETUP_UNKNOWN: 404,
  HOST_LOGIN_UNKNOWN: 404,
  HOST_RUN_UNKNOWN: 404,
  HOST_CONFIG_INVALID: 422,
  HOST_CONFIG_EMPTY: 422,
  HOST_PROFILE_UNKNOWN: 422,
  HOST_MODULE_UNKNOWN: 422,
  HOST_MODULE_NEEDED: 422,
  HOST_MODULE_CYCLE: 422,
  HOST_SETUP_PLUGINS: 422,
  HOST_LOGIN_KEY_INVALID: 422,
  HOST_LOGIN_PASSPHRASE: 422,
  HOST_SSH_TARGET_INVALID: 422,
  HOST_SSH_UNREACHABLE: 502,
  HOST_SSH_MISSING: 503,
  HOST_SETUP_STOPPED: 503,
  HOST_SETUP_TOO_MANY: 429,
  ACCESS_SIGN_IN_FAILED: 401,
  ACCESS_TOO_MANY_ATTEMPTS: 429,
  ACCESS_SETUP_TOKEN_WRONG: 403,
  // Not 401: whoever mistypes the own password is still signed in.
  ACCESS_PASSWORD_WRONG: 403,
  ACCESS_SESSION_UNKNOWN: 404,
  ACCESS_PERSON_UNKNOWN: 404,
  ACCESS_TOKEN_UNKNOWN: 404,
  ACCESS_LINK_INVALID: 403,
  PORTAL_REQUEST_INVALID: 400,
  PORTAL_SIGN_IN_REQUIRED: 401,
  PORTAL_FORBIDDEN: 403,
  PORTAL_SESSION_REQUIRED: 403,
  PORTAL_HOST_REFUSED: 421,
  PORTAL_ORIGIN_REFUSED: 403,
  PORTAL_NOT_FOUND: 404,
  PORTAL_SCREEN_UNKNOWN: 404,
  PORTAL_STATS_UNKNOWN: 404,
  PORTAL_STREAM_UNKNOWN: 404,
  PORTAL_BODY_TOO_LARGE: 413,
  PORTAL_URL_TOO_LONG: 414,
  PORTAL_MEDIA_TYPE_UNKNOWN: 415,
  PORTAL_HEADERS_TOO_LARGE: 431,
  PORTAL_TOO_MANY_STREAMS: 503,
  PORTAL_CLOSING: 503,
  PORTAL_NOT_READY: 503,
  PORTAL_CONSOLE_UNKNOWN: 404,
  PORTAL_CONSOLE_TIMEOUT: 504,
  PORTAL_CONSOLE_LIMIT: 429,
};

/**
 * What is told of an error, by area. Only our own words reach a client: the text of a foreign server may hold anything, also
 * addresses and credentials, and stays in the log under the request's id.
 */
const AREAS: readonly {
  readonly prefix: string;
  readonly status: number;
  /** Told instead of the message; null when the message is ours. */
  readonly foreignWords: string | null;
}[] = [
  { prefix: 'PORTAL_', status: 409, foreignWords: null },
  { prefix: 'FLEET_', status: 409, foreignWords: null },
  { prefix: 'ACCESS_', status: 409, foreignWords: null },
  // Told only to those who may set up machines.
  { prefix: 'HOST_', status: 409, foreignWords: null },
  // These name paths of this computer.
  { prefix: 'STORAGE_', status: 503, foreignWords: 'The data of this program cannot be read or written now. The log tells why.' },
  { prefix: 'RESILIENCE_', status: 503, foreignWords: 'The server is protected from more load now. Try again in a moment.' },
  { prefix: 'TRANSPORT_', status: 502, foreignWords: 'The server could not be reached.' },
  { prefix: 'VSPHERE_', status: 502, foreignWords: 'The server answered with an error.' },
];

const TITLES: Readonly<Record<number, string>> = {
  400: 'The request is not valid',
  401: 'Sign-in is required',
  403: 'Not allowed',
  404: 'Not found',
  409: 'Not possible now',
  413: 'The request is too large',
  414: 'The address is too long',
  415: 'Unsupported media type',
  421: 'Unknown host name',
  422: 'The request cannot be followed',
  429: 'Too many',
  431: 'The headers are too large',
  500: 'Internal error',
  502: 'The managed server failed',
  503: 'Not available now',
  504: 'The managed server was too slow',
};

/** How long a text of ours may be; a name that somebody sent can be inside. */
const MAX_DETAIL_LENGTH = 500;

export interface ProblemAnswer {
  readonly status: number;
  readonly problem: Problem;
  /** Milliseconds after which a new attempt makes sense. */
  readonly retryAfterMs: number | null;
}

/** What a client is told of an error. Unknown errors become a bare 500: their text may be anything. */
export function toProblemAnswer(error: unknown, options: { readonly requestId: string }): ProblemAnswer {
  const known = isOpsError(error) ? error : fromFrameworkError(error);
  const area = known === null ? undefined : AREAS.find(({ prefix }) => known.code.startsWith(prefix));
  if (known === null || area === undefined) {
    return answer(
      500,
      { code: 'PORTAL_INTERNAL', detail: 'Something went wrong here. The log tells more under this request id.' },
      options,
    );
  }
  const isOwn = area.foreignWords === null;
  const retryAfterMs = known.details['retryAfterMs'];
  return answer(
    STATUS_BY_CODE[known.code] ?? area.status,
    {
      code: known.code,
      detail: area.foreignWords ?? known.message.slice(0, MAX_DETAIL_LENGTH),
      ...(isOwn && Object.keys(known.details).length > 0 ? { details: { ...known.details } } : {}),
    },
    { ...options, retryAfterMs: typeof retryAfterMs === 'number' ? retryAfterMs : null },
  );
}

function answer(
  status: number,
  body: { readonly code: string; readonly detail: string; readonly details?: Record<string, unknown> },
  options: { readonly requestId: string; readonly retryAfterMs?: number | null },
): ProblemAnswer {
  return {
    status,
    problem: { type: 'about:blank', title: TITLES[status] ?? 'Error', status, ...body, request_id: options.requestId },
    retryAfterMs: options.retryAfterMs ?? null,
  };
}

const FRAMEWORK_CODES: Readonly<Record<string, { readonly code: string; readonly message: string }>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'PORTAL_BODY_TOO_LARGE', message: 'The body is larger than 64 KiB.' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { code: 'PORTAL_MEDIA_TYPE_UNKNOWN', message: 'Send JSON with content-type application/json.' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: { code: 'PORTAL_REQUEST_INVALID', message: 'The body is not as long as its content-length says.' },
  FST_ERR_CTP_INVALID_JSON_BODY: { code: 'PORTAL_REQUEST_INVALID', message: 'The body is not valid JSON.' },
  FST_ERR_BAD_URL: { code: 'PORTAL_REQUEST_INVALID', message: 'The address is not validly encoded.' },
  FST_ERR_MAX_PARAM_LENGTH: { code: 'PORTAL_URL_TOO_LONG', message: 'A part of the address is too long.' },
};

/** Fastify's own refusals, put into our words; null for everything that is not one. */
function fromFrameworkError(error: unknown): OpsError | null {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  const known = typeof code === 'string' ? FRAMEWORK_CODES[code] : undefined;
  return known === undefined ? null : new OpsError(known);
}
