import { isOpsError } from '@breakwater/kernel';

/** What an outcome means to a pipeline. */
export type VsphereVerdict =
  | { readonly kind: 'success' }
  | { readonly kind: 'failure'; readonly transient: boolean }
  | { readonly kind: 'throttled'; readonly retryAfterMs?: number }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'ignored' }
  | { readonly kind: 'canceled' };

export type VsphereSettlement = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: unknown };

const SUCCESS: VsphereVerdict = { kind: 'success' };
const TRANSIENT: VsphereVerdict = { kind: 'failure', transient: true };
const PERMANENT: VsphereVerdict = { kind: 'failure', transient: false };
const TIMEOUT: VsphereVerdict = { kind: 'timeout' };
const IGNORED: VsphereVerdict = { kind: 'ignored' };
const CANCELED: VsphereVerdict = { kind: 'canceled' };

/** The server has said that it has too much to do, or too many sessions. */
const THROTTLING_FAULTS: ReadonlySet<string> = new Set(['VimSessionOverLoad', 'TooManySessions']);

/** Internal trouble, seen when a server runs out of memory or restarts. */
const FAILING_FAULTS: ReadonlySet<string> = new Set(['SystemError']);

/**
 * Judges one exchange with a vSphere server. An overloaded host shows itself as broken connections, 503, HTML or silence;
 * a SOAP fault is an answer of a server that works, and a refused sign-in says nothing about load.
 */
export function classifyVsphereOutcome(settlement: VsphereSettlement): VsphereVerdict {
  if (settlement.ok) return SUCCESS;
  const { error } = settlement;
  if (!isOpsError(error)) return isAbort(error) ? CANCELED : TRANSIENT;
  const { code, details } = error;
  if (code === 'VSPHERE_FAULT') return classifyFault(details['fault']);
  if (code === 'VSPHERE_UNAVAILABLE') return toThrottled(details['retryAfterMs']);
  if (code === 'VSPHERE_HTTP_STATUS') return Number(details['status']) >= 500 ? TRANSIENT : IGNORED;
  return VERDICTS[code] ?? (code.startsWith('VSPHERE_') || code.startsWith('RESILIENCE_') ? IGNORED : TRANSIENT);
}

const VERDICTS: Readonly<Record<string, VsphereVerdict>> = {
  // A page of the front end instead of an answer, or an answer cut off.
  VSPHERE_NOT_XML: TRANSIENT,
  VSPHERE_NOT_SOAP: TRANSIENT,
  VSPHERE_SCREEN_INVALID: TRANSIENT,
  // Repeating does not make it smaller, and a server that sends it is not well.
  VSPHERE_ANSWER_TOO_LARGE: PERMANENT,
  VSPHERE_VALUE_INVALID: PERMANENT,
  VSPHERE_CLOSED: CANCELED,
  TRANSPORT_TIMEOUT: TIMEOUT,
  RESILIENCE_ATTEMPT_TIMEOUT: TIMEOUT,
  TRANSPORT_CANCELED: CANCELED,
  TRANSPORT_CLOSED: CANCELED,
  TRANSPORT_BODY_TOO_LARGE: PERMANENT,
  TRANSPORT_HEADERS_TOO_LARGE: PERMANENT,
  TRANSPORT_PLAIN_HTTP_REFUSED: IGNORED,
  TRANSPORT_CA_INVALID: IGNORED,
  // Nothing is wrong with the server's load when its certificate is not the expected one or the request is our mistake.
  TRANSPORT_CERTIFICATE_UNTRUSTED: IGNORED,
  TRANSPORT_CERTIFICATE_CHANGED: IGNORED,
  TRANSPORT_REQUEST_INVALID: IGNORED,
};

function classifyFault(fault: unknown): VsphereVerdict {
  if (typeof fault !== 'string') return IGNORED;
  if (THROTTLING_FAULTS.has(fault)) return { kind: 'throttled' };
  return FAILING_FAULTS.has(fault) ? TRANSIENT : IGNORED;
}

function toThrottled(retryAfterMs: unknown): VsphereVerdict {
  return typeof retryAfterMs === 'number' ? { kind: 'throttled', retryAfterMs } : { kind: 'throttled' };
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
