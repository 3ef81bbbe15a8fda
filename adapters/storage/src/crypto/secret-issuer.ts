import { hash, randomBytes } from 'node:crypto';
import type { SecretIssuer } from '@breakwater/access';

const SECRET_BYTES = 32;

/** Session secrets and tokens: 256 random bits, known to the database by their SHA-256 only. */
export function createSecretIssuer(): SecretIssuer {
  return {
    issue: () => randomBytes(SECRET_BYTES).toString('base64url'),
    digest: (secret) => hash('sha256', secret, 'base64url'),
  };
}
