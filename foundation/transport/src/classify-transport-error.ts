import { isOpsError } from '@breakwater/kernel';
import type { Verdict } from '@breakwater/resilience';

const VERDICTS: ReadonlyMap<string, Verdict> = new Map<string, Verdict>([
  ['TRANSPORT_TIMEOUT', { kind: 'timeout' }],
  ['TRANSPORT_REFUSED', { kind: 'failure', transient: true }],
  ['TRANSPORT_RESET', { kind: 'failure', transient: true }],
  ['TRANSPORT_UNREACHABLE', { kind: 'failure', transient: true }],
  ['TRANSPORT_DNS', { kind: 'failure', transient: true }],
  // Also what a front end without free connections shows: it gives up in the middle of the handshake.
  ['TRANSPORT_TLS_FAILED', { kind: 'failure', transient: true }],
  ['TRANSPORT_PROTOCOL_ERROR', { kind: 'failure', transient: true }],
  ['TRANSPORT_FAILED', { kind: 'failure', transient: true }],
  ['TRANSPORT_ENCODING_INVALID', { kind: 'failure', transient: true }],
  ['TRANSPORT_HEADERS_TOO_LARGE', { kind: 'failure', transient: false }],
  ['TRANSPORT_BODY_TOO_LARGE', { kind: 'failure', transient: false }],
  ['TRANSPORT_ENCODING_UNSUPPORTED', { kind: 'failure', transient: false }],
  // A person has to look at the certificate; the server itself may be in the best of health.
  ['TRANSPORT_CERTIFICATE_CHANGED', { kind: 'ignored' }],
  ['TRANSPORT_CERTIFICATE_UNTRUSTED', { kind: 'ignored' }],
  ['TRANSPORT_REQUEST_INVALID', { kind: 'ignored' }],
  ['TRANSPORT_BODY_USED', { kind: 'ignored' }],
  ['TRANSPORT_CANCELED', { kind: 'canceled' }],
  ['TRANSPORT_CLOSED', { kind: 'canceled' }],
]);

/** What a fault below the protocol means to a pipeline; undefined for anything else, which only the device's client can judge. */
export function classifyTransportError(error: unknown): Verdict | undefined {
  return isOpsError(error) ? VERDICTS.get(error.code) : undefined;
}
