import { Secret } from '@breakwater/kernel';
import type { PasswordHasher, SecretIssuer, SetupTokenStore } from '../ports/crypto.ts';

/** Fast and readable; only for tests. Counts its work, so that a test can see that an unknown name costs the same. */
export class FakeHasher implements PasswordHasher {
  verifications = 0;
  generation = 1;

  async hash(password: Secret): Promise<string> {
    return `${this.generation}:${password.reveal()}`;
  }

  async verify(password: Secret, encoded: string | null): Promise<boolean> {
    this.verifications++;
    return encoded !== null && encoded.slice(encoded.indexOf(':') + 1) === password.reveal();
  }

  isOutdated(encoded: string): boolean {
    return !encoded.startsWith(`${this.generation}:`);
  }
}

export function createFakeSecretIssuer(): SecretIssuer {
  let next = 1;
  return {
    issue: () => `secret-${String(next++).padStart(4, '0')}-abcdefghijklmnop`,
    digest: (secret) => `digest of ${secret}`,
  };
}

export class FakeSetupTokenStore implements SetupTokenStore {
  token: string | null = null;

  async read(): Promise<Secret | null> {
    return this.token === null ? null : new Secret(this.token);
  }

  async write(token: Secret): Promise<void> {
    this.token = token.reveal();
  }

  async remove(): Promise<void> {
    this.token = null;
  }
}
