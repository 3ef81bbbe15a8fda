import type { Secret } from '@breakwater/kernel';

/** Slow on purpose. Implementations bound how many run at once, so that sign-in cannot take the whole CPU. */
export interface PasswordHasher {
  /** `ACCESS_TOO_MANY_ATTEMPTS` when too many wait already. */
  hash(password: Secret): Promise<string>;
  /** With `null` (nobody of that name) it does the same work and answers false, so that timing tells nothing. */
  verify(password: Secret, encoded: string | null): Promise<boolean>;
  /** True when the encoding uses weaker parameters than today's. */
  isOutdated(encoded: string): boolean;
}

/** Secrets with 256 bits of chance, and their digests. Such secrets need no slow hash: they cannot be guessed. */
export interface SecretIssuer {
  /** URL-safe text. */
  issue(): string;
  /** One-way and fast; equal input, equal output. Called on every request. */
  digest(secret: string): string;
}

/** Where the first-run token waits until it is used: a file that only the owner of the data folder can read. */
export interface SetupTokenStore {
  read(): Promise<Secret | null>;
  write(token: Secret): Promise<void>;
  remove(): Promise<void>;
}
