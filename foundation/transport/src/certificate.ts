import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { OpsError } from '@breakwater/kernel';
import type { PresentedCertificate } from './transport.ts';

const BYTES = { sha256: 32, sha1: 20 } as const;

export type FingerprintAlgorithm = keyof typeof BYTES;

/** `AA:BB:…` from any common spelling (lower case, without colons, with blanks). */
export function parseFingerprint(text: string, algorithm: FingerprintAlgorithm): string {
  const hex = text.replace(/[\s:]/g, '').toUpperCase();
  if (!new RegExp(`^[0-9A-F]{${BYTES[algorithm] * 2}}$`).test(hex)) {
    throw new OpsError({
      code: 'TRANSPORT_FINGERPRINT_INVALID',
      message: `Not a ${algorithm.toUpperCase()} fingerprint: expected ${BYTES[algorithm]} bytes in hexadecimal.`,
      details: { algorithm },
    });
  }
  return hex.replace(/(..)(?=.)/g, '$1:');
}

/**
 * The leaf that the peer has shown; undefined while no handshake has brought one. Read by the older of Node's two calls:
 * after `getPeerX509Certificate`, Node 24's own check of the name finds an empty certificate and rejects every server.
 */
export function readPresentedCertificate(socket: TLSSocket): PresentedCertificate | undefined {
  const { raw } = socket.getPeerCertificate() as { raw?: Uint8Array };
  return raw === undefined ? undefined : toPresentedCertificate(new X509Certificate(raw));
}

export function toPresentedCertificate(leaf: X509Certificate): PresentedCertificate {
  return {
    sha256: leaf.fingerprint256,
    sha1: leaf.fingerprint,
    subject: toOneLine(leaf.subject),
    issuer: toOneLine(leaf.issuer),
    validFrom: leaf.validFromDate.toISOString(),
    validTo: leaf.validToDate.toISOString(),
  };
}

/** Names inside a certificate are whatever its maker liked: one line, no control characters, bounded. */
function toOneLine(name: string | undefined): string {
  return (name ?? '')
    .split('\n')
    .join(', ')
    .replace(/[\p{Cc}\p{Cf}]/gu, '')
    .slice(0, 500);
}
