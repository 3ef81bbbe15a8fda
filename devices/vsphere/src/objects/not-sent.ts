import type { OpsError } from '@breakwater/kernel';

const NOT_SENT: ReadonlySet<string> = new Set([
  'RESILIENCE_CIRCUIT_OPEN',
  'RESILIENCE_QUEUE_FULL',
  'RESILIENCE_CLOSED',
  'VSPHERE_CLOSED',
  'VSPHERE_INVALID_LOGIN',
  'VSPHERE_SESSION_EXPIRED',
  'VSPHERE_VERSION_UNSUPPORTED',
  'VSPHERE_CALL_INVALID',
]);

/** True after an error that says that the call has certainly not been carried out. */
export function isNotSent(error: OpsError): boolean {
  return NOT_SENT.has(error.code) || error.details['sent'] === false;
}
