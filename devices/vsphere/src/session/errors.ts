import { isOpsError, OpsError } from '@breakwater/kernel';
import type { TransportResponse } from '@breakwater/transport';
import type { Moref, Value } from '../schema/index.ts';
import type { SoapFault } from '../wire/index.ts';

/** A foreign text is for people to read, so its length is ours to choose. */
const MESSAGE_LENGTH = 500;
const REASON_LENGTH = 300;

/** `VSPHERE_FAULT`: the server understood and refused. `details.fault` names the type; decide by it, never by the text. */
export function createFaultError(fault: SoapFault, method: string): OpsError {
  const text = fault.message.slice(0, MESSAGE_LENGTH);
  return new OpsError({
    code: 'VSPHERE_FAULT',
    message: text === '' ? fault.type : `${fault.type}: ${text}`,
    details: { fault: fault.type, method, reason: text, fields: fault.detail },
  });
}

/** The refusal came before the call was carried out, so signing in again and repeating it does nothing twice. */
export function createExpiredError(method: string): OpsError {
  return new OpsError({
    code: 'VSPHERE_SESSION_EXPIRED',
    message: 'The server no longer knows this session.',
    details: { method },
  });
}

export function createClosedError(): OpsError {
  return new OpsError({ code: 'VSPHERE_CLOSED', message: 'The client has been closed.' });
}

/** Any HTTP status that is neither an answer nor a SOAP fault. */
export function createStatusError(response: Pick<TransportResponse, 'status' | 'statusText' | 'headers'>, operation: string): OpsError {
  const { status } = response;
  // ESXi's front end says in the reason phrase which service is down; the body is empty or HTML.
  const reason = response.statusText.slice(0, REASON_LENGTH);
  const retryAfterMs = readRetryAfterMs(response.headers['retry-after']);
  const details = { status, reason, operation, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  if (status === 503 || status === 429) {
    return new OpsError({ code: 'VSPHERE_UNAVAILABLE', message: `The server does not take calls now: ${reason || status}.`, details });
  }
  return new OpsError({ code: 'VSPHERE_HTTP_STATUS', message: `The server answered with HTTP status ${status}.`, details });
}

/** Seconds only: no vSphere server is known to send the date form, and a date would need the server's clock. */
function readRetryAfterMs(header: string | readonly string[] | undefined): number | undefined {
  const text = typeof header === 'string' ? header : header?.[0];
  return text !== undefined && /^\d{1,6}$/.test(text.trim()) ? Number(text) * 1_000 : undefined;
}

export function hasCode(error: unknown, code: string): error is OpsError {
  return isOpsError(error) && error.code === code;
}

/** Name of the fault's type, when the error is a fault. */
export function readFaultType(error: unknown): string | undefined {
  if (!hasCode(error, 'VSPHERE_FAULT')) return undefined;
  const { fault } = error.details;
  return typeof fault === 'string' ? fault : undefined;
}

export function isFault(error: unknown, ...types: readonly string[]): error is OpsError {
  const type = readFaultType(error);
  return type !== undefined && types.includes(type);
}

/** The object that a `ManagedObjectNotFound` is about. */
export function readMissingObject(error: unknown): Moref | undefined {
  if (!isFault(error, 'ManagedObjectNotFound')) return undefined;
  const fields = error.details['fields'] as Value<'ManagedObjectNotFound'> | undefined;
  return fields?.obj;
}
