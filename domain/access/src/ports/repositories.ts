import type { Person, Role } from '@breakwater/contract';

/** A person together with what must never leave the server. */
export interface PersonRecord {
  readonly person: Person;
  /** Encoded by the `PasswordHasher`, parameters included. */
  readonly passwordHash: string;
}

/** `last-administrator`: refused, because nobody would be left in charge. */
export type GuardedChange = 'changed' | 'unknown' | 'last-administrator';

/** People. Names are unique by `usernameKey`; the guards are atomic, also between processes that share the data folder. */
export interface PersonRepository {
  list(): Promise<readonly Person[]>;
  find(id: string): Promise<PersonRecord | null>;
  findByName(usernameKey: string): Promise<PersonRecord | null>;
  countAdministrators(): Promise<number>;
  insert(record: PersonRecord, options: { readonly usernameKey: string }): Promise<'inserted' | 'name-taken'>;
  /** Inserts only while there is no administrator at all, so that two first-run forms cannot both win. */
  insertFirstAdministrator(
    record: PersonRecord,
    options: { readonly usernameKey: string },
  ): Promise<'inserted' | 'administrator-exists' | 'name-taken'>;
  setPasswordHash(id: string, passwordHash: string): Promise<void>;
  setRole(id: string, role: Role): Promise<GuardedChange>;
  /** Takes the person's sessions and links along. */
  remove(id: string): Promise<GuardedChange>;
}

export interface SessionRecord {
  /** Digest of the secret in the cookie; the secret itself is stored nowhere. */
  readonly digest: string;
  readonly personId: string;
  readonly createdAtWallMs: number;
  readonly lastSeenWallMs: number;
  readonly expiresAtWallMs: number;
  /** See `ownSessionSchema`. */
  readonly device: string | null;
}

export interface SessionRepository {
  insert(session: SessionRecord): Promise<void>;
  /** The session and whom it belongs to, in one read. */
  find(digest: string): Promise<{ readonly session: SessionRecord; readonly person: Person } | null>;
  touch(digest: string, lastSeenWallMs: number): Promise<void>;
  remove(digest: string): Promise<void>;
  removeOfPerson(personId: string): Promise<void>;
  removeOthersOfPerson(personId: string, options: { readonly keptDigest: string }): Promise<void>;
  /** Last used first. */
  listOfPerson(personId: string): Promise<readonly SessionRecord[]>;
  /** Removes what has reached its end or was last seen before `lastSeenBeforeWallMs`. */
  removeExpired(instant: { readonly wallMs: number; readonly lastSeenBeforeWallMs: number }): Promise<void>;
}

export interface TokenRecord {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly prefix: string;
  readonly createdAtWallMs: number;
  readonly lastUsedAtWallMs: number | null;
  readonly expiresAtWallMs: number | null;
}

export interface TokenRepository {
  /** Oldest first. */
  list(): Promise<readonly TokenRecord[]>;
  insert(token: TokenRecord, options: { readonly digest: string }): Promise<void>;
  findByDigest(digest: string): Promise<TokenRecord | null>;
  touch(id: string, lastUsedAtWallMs: number): Promise<void>;
  remove(id: string): Promise<'removed' | 'unknown'>;
}

export interface LinkRecord {
  readonly digest: string;
  readonly personId: string;
  readonly expiresAtWallMs: number;
}

export interface LinkRepository {
  insert(link: LinkRecord): Promise<void>;
  /** Gives the link out and forgets it in one step, so that it works once. */
  take(digest: string): Promise<LinkRecord | null>;
  removeOfPerson(personId: string): Promise<void>;
  removeExpired(wallMs: number): Promise<void>;
}

export interface AccessRepositories {
  readonly people: PersonRepository;
  readonly sessions: SessionRepository;
  readonly tokens: TokenRepository;
  readonly links: LinkRepository;
}
