import type { Role } from '@breakwater/contract';
import type {
  AccessRepositories,
  GuardedChange,
  LinkRecord,
  PersonRecord,
  PersonRepository,
  SessionRecord,
  TokenRecord,
} from '../ports/repositories.ts';

/** Repositories for tests. They pass the same contract as the ones on a database. */
export function createInMemoryAccessRepositories(): AccessRepositories {
  const sessions = new Map<string, SessionRecord>();
  const links = new Map<string, LinkRecord>();
  const tokens = new Map<string, { readonly token: TokenRecord; readonly digest: string }>();
  const people = new InMemoryPeople((personId) => {
    for (const [digest, session] of sessions) if (session.personId === personId) sessions.delete(digest);
    for (const [digest, link] of links) if (link.personId === personId) links.delete(digest);
  });

  return {
    people,
    sessions: {
      insert: async (session) => void sessions.set(session.digest, session),
      find: async (digest) => {
        const session = sessions.get(digest);
        const record = session === undefined ? null : await people.find(session.personId);
        return session === undefined || record === null ? null : { session, person: record.person };
      },
      touch: async (digest, lastSeenWallMs) => {
        const session = sessions.get(digest);
        if (session !== undefined) sessions.set(digest, { ...session, lastSeenWallMs });
      },
      remove: async (digest) => void sessions.delete(digest),
      removeOfPerson: async (personId) => {
        for (const [digest, session] of sessions) if (session.personId === personId) sessions.delete(digest);
      },
      removeOthersOfPerson: async (personId, { keptDigest }) => {
        for (const [digest, session] of sessions) if (session.personId === personId && digest !== keptDigest) sessions.delete(digest);
      },
      listOfPerson: async (personId) =>
        [...sessions.values()]
          .filter((session) => session.personId === personId)
          .toSorted((left, right) => right.lastSeenWallMs - left.lastSeenWallMs || right.createdAtWallMs - left.createdAtWallMs),
      removeExpired: async ({ wallMs, lastSeenBeforeWallMs }) => {
        for (const [digest, session] of sessions) {
          if (session.expiresAtWallMs <= wallMs || session.lastSeenWallMs < lastSeenBeforeWallMs) sessions.delete(digest);
        }
      },
    },
    tokens: {
      list: async () => [...tokens.values()].map((entry) => entry.token),
      insert: async (token, { digest }) => void tokens.set(token.id, { token, digest }),
      findByDigest: async (digest) => [...tokens.values()].find((entry) => entry.digest === digest)?.token ?? null,
      touch: async (id, lastUsedAtWallMs) => {
        const entry = tokens.get(id);
        if (entry !== undefined) tokens.set(id, { ...entry, token: { ...entry.token, lastUsedAtWallMs } });
      },
      remove: async (id) => (tokens.delete(id) ? 'removed' : 'unknown'),
    },
    links: {
      insert: async (link) => void links.set(link.digest, link),
      take: async (digest) => {
        const link = links.get(digest) ?? null;
        links.delete(digest);
        return link;
      },
      removeOfPerson: async (personId) => {
        for (const [digest, link] of links) if (link.personId === personId) links.delete(digest);
      },
      removeExpired: async (wallMs) => {
        for (const [digest, link] of links) if (link.expiresAtWallMs <= wallMs) links.delete(digest);
      },
    },
  };
}

class InMemoryPeople implements PersonRepository {
  readonly #records = new Map<string, PersonRecord & { readonly usernameKey: string }>();
  readonly #onRemoved: (personId: string) => void;

  constructor(onRemoved: (personId: string) => void) {
    this.#onRemoved = onRemoved;
  }

  async list() {
    return [...this.#records.values()].map((record) => record.person);
  }

  async find(id: string): Promise<PersonRecord | null> {
    const record = this.#records.get(id);
    return record === undefined ? null : { person: record.person, passwordHash: record.passwordHash };
  }

  async findByName(usernameKey: string): Promise<PersonRecord | null> {
    for (const record of this.#records.values()) {
      if (record.usernameKey === usernameKey) return { person: record.person, passwordHash: record.passwordHash };
    }
    return null;
  }

  async countAdministrators(): Promise<number> {
    return [...this.#records.values()].filter((record) => record.person.role === 'admin').length;
  }

  async insert(record: PersonRecord, { usernameKey }: { readonly usernameKey: string }): Promise<'inserted' | 'name-taken'> {
    for (const other of this.#records.values()) if (other.usernameKey === usernameKey) return 'name-taken';
    this.#records.set(record.person.id, { ...record, usernameKey });
    return 'inserted';
  }

  async insertFirstAdministrator(record: PersonRecord, options: { readonly usernameKey: string }) {
    for (const other of this.#records.values()) if (other.person.role === 'admin') return 'administrator-exists';
    return this.insert(record, options);
  }

  async setPasswordHash(id: string, passwordHash: string): Promise<void> {
    const record = this.#records.get(id);
    if (record !== undefined) this.#records.set(id, { ...record, passwordHash });
  }

  async setRole(id: string, role: Role): Promise<GuardedChange> {
    const record = this.#records.get(id);
    if (record === undefined) return 'unknown';
    if (role !== 'admin' && this.#isLastAdministrator(record)) return 'last-administrator';
    this.#records.set(id, { ...record, person: { ...record.person, role } });
    return 'changed';
  }

  async remove(id: string): Promise<GuardedChange> {
    const record = this.#records.get(id);
    if (record === undefined) return 'unknown';
    if (this.#isLastAdministrator(record)) return 'last-administrator';
    this.#records.delete(id);
    this.#onRemoved(id);
    return 'changed';
  }

  #isLastAdministrator(record: PersonRecord): boolean {
    if (record.person.role !== 'admin') return false;
    return [...this.#records.values()].every((other) => other.person.role !== 'admin' || other.person.id === record.person.id);
  }
}
