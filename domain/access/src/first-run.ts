import { OpsError, Secret } from '@breakwater/kernel';
import type { FromDevice, OpenedSession } from './access.ts';
import { createNameTaken, type People } from './people.ts';
import type { PasswordHasher, SecretIssuer, SetupTokenStore } from './ports/crypto.ts';
import type { PersonRepository } from './ports/repositories.ts';
import type { Sessions } from './sessions.ts';
import { toUsernameKey } from './username.ts';

export interface FirstRunOptions {
  readonly repository: PersonRepository;
  readonly people: People;
  readonly sessions: Sessions;
  readonly hasher: PasswordHasher;
  readonly secrets: SecretIssuer;
  readonly store: SetupTokenStore;
}

/** From an empty database to the first administrator. */
export class FirstRun {
  readonly #options: FirstRunOptions;
  /** Never goes back: the last administrator cannot be removed. */
  #isDone = false;

  constructor(options: FirstRunOptions) {
    this.#options = options;
  }

  async isRequired(): Promise<boolean> {
    if (this.#isDone) return false;
    this.#isDone = (await this.#options.repository.countAdministrators()) > 0;
    return !this.#isDone;
  }

  async token(): Promise<Secret | null> {
    const { store, secrets } = this.#options;
    if (!(await this.isRequired())) {
      await store.remove();
      return null;
    }
    const stored = await store.read();
    if (stored !== null) return stored;
    const token = new Secret(secrets.issue());
    await store.write(token);
    // What is stored counts: another start on the same data folder may have been quicker.
    return (await store.read()) ?? token;
  }

  async setUp(
    input: { readonly token: string; readonly username: string; readonly password: Secret } & FromDevice,
  ): Promise<OpenedSession> {
    const { people, repository, secrets, sessions, store } = this.#options;
    if (!(await this.isRequired())) throw createSetupDone();
    const expected = await store.read();
    // Digests are compared, not the texts: how far two digests agree tells nothing about the token.
    if (expected === null || secrets.digest(input.token.trim()) !== secrets.digest(expected.reveal())) {
      throw new OpsError({ code: 'ACCESS_SETUP_TOKEN_WRONG', message: 'The setup token is wrong. It is printed in the log at the start.' });
    }
    const record = await people.createRecord({ username: input.username, password: input.password, role: 'admin' });
    const outcome = await repository.insertFirstAdministrator(record, { usernameKey: toUsernameKey(input.username) });
    if (outcome === 'administrator-exists') throw createSetupDone();
    if (outcome === 'name-taken') throw createNameTaken(input.username);
    this.#isDone = true;
    await store.remove();
    return sessions.open(record.person, input);
  }

  async ensureAdministrator(input: { readonly username: string; readonly password: Secret }): Promise<void> {
    const { hasher, people, repository, store } = this.#options;
    const found = await repository.findByName(toUsernameKey(input.username));
    if (found === null) {
      await people.add({ ...input, role: 'admin' });
    } else {
      // An unchanged password must not end sessions at every restart.
      const isSame = await hasher.verify(input.password, found.passwordHash);
      const role = found.person.role === 'admin' ? undefined : 'admin';
      if (!isSame || role !== undefined) await people.update(found.person.id, { role, password: isSame ? undefined : input.password });
    }
    this.#isDone = true;
    await store.remove();
  }
}

function createSetupDone(): OpsError {
  return new OpsError({ code: 'ACCESS_SETUP_DONE', message: 'The first administrator already exists. Sign in instead.' });
}
