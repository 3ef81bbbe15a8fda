import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { formatInstant } from '@breakwater/kernel';
import { derBits, derInteger, derOctets, derOid, derSequence, derSet, derText, derTime, derValue } from './der.ts';

export interface ServerCertificate {
  readonly certificatePem: string;
  readonly keyPem: string;
  /** `AA:BB:…` over the DER bytes. */
  readonly sha1: string;
  readonly sha256: string;
}

const OIDS = {
  ecdsaSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  unit: '2.5.4.11',
  altName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
};
const DAY_MS = 86_400_000;

/** A self-signed certificate like the one a fresh host makes for itself: its name says nothing about where it is. */
export function createCertificate(wallMs: number): ServerCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = derSequence(derOid(OIDS.ecdsaSha256));
  const name = derSequence(
    attribute(OIDS.organization, 'VMware, Inc'),
    attribute(OIDS.unit, 'VMware ESX Server Default Certificate'),
    attribute(OIDS.commonName, 'localhost.localdomain'),
  );
  const serial = randomBytes(8);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const altNames = derSequence(
    derValue(0x82, Buffer.from('localhost.localdomain')),
    derValue(0x82, Buffer.from('localhost')),
    derValue(0x87, Buffer.from([127, 0, 0, 1])),
  );
  const extensions = derSequence(
    derSequence(
      derOid(OIDS.basicConstraints),
      derValue(0x01, Buffer.from([0xff])),
      derOctets(derSequence(derValue(0x01, Buffer.from([0xff])))),
    ),
    derSequence(derOid(OIDS.altName), derOctets(altNames)),
  );
  const body = derSequence(
    derValue(0xa0, derInteger(Buffer.from([2]))),
    derInteger(serial),
    algorithm,
    name,
    derSequence(derTime(formatInstant(wallMs - DAY_MS)), derTime(formatInstant(wallMs + 3_650 * DAY_MS))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    derValue(0xa3, extensions),
  );
  const certificate = derSequence(body, algorithm, derBits(sign('sha256', body, privateKey)));
  return {
    certificatePem: `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64').replaceAll(/.{64}/g, '$&\n').trimEnd()}\n-----END CERTIFICATE-----\n`,
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    sha1: fingerprint(certificate, 'sha1'),
    sha256: fingerprint(certificate, 'sha256'),
  };
}

function attribute(oid: string, text: string): Buffer {
  return derSet(derSequence(derOid(oid), derText(text)));
}

function fingerprint(der: Uint8Array, algorithm: 'sha1' | 'sha256'): string {
  return createHash(algorithm)
    .update(der)
    .digest('hex')
    .toUpperCase()
    .replaceAll(/..(?=.)/g, '$&:');
}
