import type { PresentedCertificateFacts, ServerTrouble } from '@breakwater/fleet';
import { type OpsError, toOpsError } from '@breakwater/kernel';

/** Codes of a server that is there but does not take our calls now. */
const OVERLOAD: ReadonlySet<string> = new Set([
  'VSPHERE_UNAVAILABLE',
  'RESILIENCE_CIRCUIT_OPEN',
  'RESILIENCE_QUEUE_FULL',
  'RESILIENCE_DEADLINE',
  'RESILIENCE_ATTEMPT_TIMEOUT',
]);

/** Why a server does not serve us, from what a call was rejected with. */
export function toTrouble(thrown: unknown): ServerTrouble {
  const error = toOpsError(thrown, { code: 'VSPHERE_FLEET_FAILED' });
  const certificate = readCertificate(error);
  if (error.code === 'TRANSPORT_CERTIFICATE_CHANGED' && certificate !== null) return { kind: 'certificate-changed', certificate };
  if (error.code === 'TRANSPORT_CERTIFICATE_UNTRUSTED' && certificate !== null) return { kind: 'certificate-untrusted', certificate };
  const { code, message } = error;
  if (code === 'VSPHERE_INVALID_LOGIN') return { kind: 'sign-in-failed', code, message };
  return { kind: OVERLOAD.has(code) ? 'overloaded' : 'unreachable', code, message };
}

/** Only a person can end these, so nothing is tried again by itself. */
export function isForPeople(trouble: ServerTrouble): boolean {
  return trouble.kind === 'sign-in-failed' || trouble.kind === 'certificate-changed' || trouble.kind === 'certificate-untrusted';
}

function readCertificate(error: OpsError): PresentedCertificateFacts | null {
  const { certificate } = error.details;
  return isCertificate(certificate) ? certificate : null;
}

function isCertificate(value: unknown): value is PresentedCertificateFacts {
  return typeof value === 'object' && value !== null && 'sha256' in value && 'sha1' in value && 'subject' in value;
}
