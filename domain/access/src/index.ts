export type { Access, OpenedSession, OwnSessionRef, Permission, Principal } from './access.ts';
export { type CreateAccessOptions, createAccess } from './create-access.ts';
export type { PasswordHasher, SecretIssuer, SetupTokenStore } from './ports/crypto.ts';
export type {
  AccessRepositories,
  GuardedChange,
  LinkRecord,
  LinkRepository,
  PersonRecord,
  PersonRepository,
  SessionRecord,
  SessionRepository,
  TokenRecord,
  TokenRepository,
} from './ports/repositories.ts';
export type { SessionLimits } from './sessions.ts';
