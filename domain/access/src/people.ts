import type { Person, Role } from '@breakwater/contract';
import { type Clock, createId, formatInstant, OpsError, type Secret } from '@breakwater/kernel';
import type { PasswordHasher } from './ports/crypto.ts';
import type { GuardedChange, LinkRepository, PersonRecord, PersonRepository } from './ports/repositories.ts';
import type { Sessions } from './sessions.ts';
import { toUsernameKey } from './username.ts';

export interface PeopleOptions {
  readonly repository: PersonRepository;
  readonly links: LinkRepository;
  readonly hasher: PasswordHasher;
  readonly sessions: Sessions;
  readonly clock: Clock;
}

export class People {
  readonly #repository: PersonRepository;
  readonly #links: LinkRepository;
  readonly #hasher: PasswordHasher;
  readonly #sessions: Sessions;
  readonly #clock: Clock;

  constructor(options: PeopleOptions) {
    this.#repository = options.repository;
    this.#links = options.links;
    this.#hasher = options.hasher;
    this.#sessions = options.sessions;
    this.#clock = options.clock;
  }

  list(): Promise<readonly Person[]> {
    return this.#repository.list();
  }

  async find(id: string): Promise<Person | null> {
    return (await this.#repository.find(id))?.person ?? null;
  }

  async add(input: { readonly username: string; readonly password: Secret; readonly role: Role }): Promise<Person> {
    const record = await this.createRecord(input);
    const outcome = await this.#repository.insert(record, { usernameKey: toUsernameKey(input.username) });
    if (outcome === 'name-taken') throw createNameTaken(record.person.username);
    return record.person;
  }

  async createRecord(input: { readonly username: string; readonly password: Secret; readonly role: Role }): Promise<PersonRecord> {
    return {
      person: { id: createId(), username: input.username.trim(), role: input.role, created_at: formatInstant(this.#clock.wall()) },
      passwordHash: await this.#hasher.hash(input.password),
    };
  }

  async update(id: string, input: { readonly password?: Secret | undefined; readonly role?: Role | undefined }): Promise<Person> {
    // The hash comes first: it may be refused under load, and then nothing must have changed.
    const passwordHash = input.password === undefined ? undefined : await this.#hasher.hash(input.password);
    if (input.role !== undefined) this.#accept(await this.#repository.setRole(id, input.role));
    if (passwordHash !== undefined) {
      await this.#repository.setPasswordHash(id, passwordHash);
      await this.#links.removeOfPerson(id);
      await this.#sessions.closeOfPerson(id);
    }
    this.#sessions.forgetCached();
    const person = await this.find(id);
    if (person === null) throw createPersonUnknown();
    return person;
  }

  async remove(id: string): Promise<void> {
    const outcome = await this.#repository.remove(id);
    this.#sessions.forgetCached();
    this.#accept(outcome);
  }

  #accept(outcome: GuardedChange): void {
    switch (outcome) {
      case 'changed':
        return;
      case 'unknown':
        throw createPersonUnknown();
      case 'last-administrator':
        throw new OpsError({
          code: 'ACCESS_LAST_ADMINISTRATOR',
          message: 'This is the last administrator. Make somebody else an administrator first.',
        });
    }
  }
}

export function createNameTaken(username: string): OpsError {
  return new OpsError({
    code: 'ACCESS_USERNAME_TAKEN',
    message: `There is already a person named "${username}".`,
    details: { username },
  });
}

export function createPersonUnknown(): OpsError {
  return new OpsError({ code: 'ACCESS_PERSON_UNKNOWN', message: 'There is no such person.' });
}
