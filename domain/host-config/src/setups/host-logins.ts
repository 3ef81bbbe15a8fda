import type { HostLogin, HostLoginCreate, HostLoginUpdate } from '@breakwater/contract';
import type { ActJournal } from '@breakwater/fleet';
import { type Clock, createId, formatInstant, OpsError, Secret } from '@breakwater/kernel';
import type { HostDoor, PrivateKey } from '../ports/host-door.ts';
import type { HostLoginRecord, HostLoginRepository } from '../ports/setup-repositories.ts';

export interface HostLoginsDependencies {
  readonly repository: HostLoginRepository;
  readonly door: Pick<HostDoor, 'readPrivateKey'>;
  readonly journal: ActJournal;
  readonly clock: Clock;
}

interface By {
  readonly actor: string;
}

/** Who signs in to hosts. A key goes in and is used; nobody is shown it again. */
export class HostLogins {
  readonly #deps: HostLoginsDependencies;

  constructor(deps: HostLoginsDependencies) {
    this.#deps = deps;
  }

  async list(): Promise<readonly HostLogin[]> {
    return (await this.#deps.repository.list()).map(toView);
  }

  /** `HOST_LOGIN_KEY_INVALID`, `HOST_LOGIN_PASSPHRASE`, `HOST_LOGIN_NAME_TAKEN`. */
  async add(input: HostLoginCreate, by: By & { readonly signal: AbortSignal }): Promise<HostLogin> {
    const { clock, repository } = this.#deps;
    await this.#requireFreeName(input.name, null);
    const key = await this.#readKey(input, by.signal);
    const now = clock.wall();
    const { fingerprint, type: keyType } = key;
    const login = { id: createId(), name: input.name, user: input.user, keyType, fingerprint, createdAtMs: now, updatedAtMs: now };
    await this.#note('host.add_login', login, by);
    await repository.save(login, { privateKey: key.privateKey });
    return toView(login);
  }

  /** As `add`, and `HOST_LOGIN_UNKNOWN`. */
  async update(id: string, input: HostLoginUpdate, by: By & { readonly signal: AbortSignal }): Promise<HostLogin> {
    const { clock, repository } = this.#deps;
    const before = await this.require(id);
    const { name = before.name, passphrase = null, private_key: pem, user = before.user } = input;
    await this.#requireFreeName(name, id);
    const key = pem === undefined ? null : await this.#readKey({ private_key: pem, passphrase }, by.signal);
    const shown = key === null ? {} : { keyType: key.type, fingerprint: key.fingerprint };
    const login: HostLoginRecord = { ...before, name, user, ...shown, updatedAtMs: clock.wall() };
    await this.#note(key === null ? 'host.change_login' : 'host.replace_login_key', login, by);
    await repository.save(login, { privateKey: key?.privateKey });
    return toView(login);
  }

  async remove(id: string, by: By): Promise<void> {
    const login = await this.require(id);
    await this.#note('host.remove_login', login, by);
    await this.#deps.repository.remove(id);
  }

  async require(id: string): Promise<HostLoginRecord> {
    const login = await this.#deps.repository.find(id);
    if (login !== null) return login;
    throw new OpsError({ code: 'HOST_LOGIN_UNKNOWN', message: 'There is no such login.', details: { id: id.slice(0, 60) } });
  }

  /** For the moment of signing in. */
  async requireKey(login: HostLoginRecord): Promise<Secret> {
    const key = await this.#deps.repository.readKey(login.id);
    if (key !== null) return key;
    throw new OpsError({
      code: 'HOST_LOGIN_KEY_UNREADABLE',
      message: `The stored key of "${login.name}" cannot be read with the key file of this portal. Enter it again.`,
      details: { name: login.name },
    });
  }

  #readKey(input: Pick<HostLoginCreate, 'passphrase' | 'private_key'>, signal: AbortSignal): Promise<PrivateKey> {
    const passphrase = input.passphrase === null ? null : new Secret(input.passphrase);
    return this.#deps.door.readPrivateKey(new Secret(input.private_key), { passphrase, signal });
  }

  async #requireFreeName(name: string, ownId: string | null): Promise<void> {
    const taken = (await this.#deps.repository.list()).some((login) => login.name === name && login.id !== ownId);
    if (taken) throw new OpsError({ code: 'HOST_LOGIN_NAME_TAKEN', message: `There is a login "${name}" already.`, details: { name } });
  }

  async #note(kind: `host.${string}`, { fingerprint, name, user }: HostLoginRecord, { actor }: By): Promise<void> {
    await this.#deps.journal.note({ kind, machine: null, actor, details: { login: name, user, fingerprint } });
  }
}

function toView({ createdAtMs, fingerprint, id, keyType, name, updatedAtMs, user }: HostLoginRecord): HostLogin {
  const [created, updated] = [formatInstant(createdAtMs), formatInstant(updatedAtMs)];
  return { id, name, user, key_type: keyType, fingerprint, created_at: created, updated_at: updated };
}
