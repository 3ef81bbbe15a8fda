export { createScryptHasher, type ScryptCost, type ScryptHasherOptions } from './crypto/scrypt-hasher.ts';
export { createSecretIssuer } from './crypto/secret-issuer.ts';
export { type OpenStorageOptions, openStorage, type Storage } from './open-storage.ts';
