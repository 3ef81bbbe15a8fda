import { X509Certificate } from 'node:crypto';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { OpsError } from '@breakwater/kernel';
import { type FingerprintAlgorithm, parseFingerprint } from './certificate.ts';
import type { TlsTrust } from './transport.ts';

/** What a connection demands of the certificate before the first byte may leave. */
export type CertificateCheck =
  /** Chain and name, checked by OpenSSL and Node. */
  | { readonly kind: 'chain'; readonly context: SecureContext }
  /** The leaf itself, compared by us; chain, name and dates say nothing then. */
  | { readonly kind: 'pin'; readonly context: SecureContext; readonly algorithm: FingerprintAlgorithm; readonly fingerprint: string }
  /** Nothing is trusted and nothing may be sent: only to show the certificate to a person. */
  | { readonly kind: 'look'; readonly context: SecureContext };

/** TLS 1.2 is what ESXi 6.7 offers; older versions are broken. */
const MIN_VERSION = 'TLSv1.2';

export function createCertificateCheck(trust: TlsTrust): CertificateCheck {
  switch (trust.kind) {
    case 'system-ca':
      return { kind: 'chain', context: createSecureContext({ ca: readSystemAuthorities(), minVersion: MIN_VERSION }) };
    case 'ca':
      return { kind: 'chain', context: createSecureContext({ ca: parseAuthorities(trust.pem), minVersion: MIN_VERSION }) };
    case 'pinned':
      return createPinCheck('sha256', trust.sha256);
  }
}

/** Holds nothing of any server, so all pins share one; a context of its own would cost each console several kilobytes. */
const readPinContext = createOnce(() => createSecureContext({ minVersion: MIN_VERSION }));

export function createPinCheck(algorithm: FingerprintAlgorithm, fingerprint: string): CertificateCheck {
  return { kind: 'pin', context: readPinContext(), algorithm, fingerprint: parseFingerprint(fingerprint, algorithm) };
}

/** Makes its value at the first call: loading the authorities takes time that not every program has to spend. */
function createOnce<T>(create: () => T): () => T {
  let value: { readonly made: T } | undefined;
  return () => {
    value ??= { made: create() };
    return value.made;
  };
}

export function createLook(): CertificateCheck {
  return { kind: 'look', context: createSecureContext({ minVersion: MIN_VERSION }) };
}

/** Node's own list and the machine's: an authority of the house is installed in the second. */
function readSystemAuthorities(): string[] {
  return [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
}

function parseAuthorities(pem: string): string[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw createAuthorityError('it holds no PEM certificate');
  for (const block of blocks) {
    try {
      new X509Certificate(block);
    } catch (error) {
      throw createAuthorityError('one of its certificates cannot be read', error);
    }
  }
  return blocks;
}

const createAuthorityError = (why: string, cause?: unknown): OpsError =>
  new OpsError({ code: 'TRANSPORT_CA_INVALID', message: `The given certificate authority is of no use: ${why}.`, cause });
