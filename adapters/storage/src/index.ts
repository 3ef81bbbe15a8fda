export { type BreakerState, type OpenBreakerStateOptions, openBreakerState } from './breaker-state/index.ts';
export { createScryptHasher, type ScryptCost, type ScryptHasherOptions } from './crypto/scrypt-hasher.ts';
export { createSecretIssuer } from './crypto/secret-issuer.ts';
export { type DirectoryLock, lockDataDirectory } from './files/directory-lock.ts';
export { type OpenedRunStore, type OpenRunStoreOptions, openRunStore } from './host-runs/index.ts';
export { type OpenPostgresOptions, openPostgres, type PostgresStorage } from './open-postgres.ts';
export { type OpenStorageOptions, openStorage, type Storage } from './open-storage.ts';
