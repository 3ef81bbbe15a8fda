import { type Clock, OpsError, Secret } from '@breakwater/kernel';
import type { FromDevice, OpenedSession } from './access.ts';
import { toAddressKey } from './address-key.ts';
import { AttemptLimiter, createTooManyAttempts } from './attempt-limiter.ts';
import { createPersonUnknown } from './people.ts';
import type { PasswordHasher, SecretIssuer } from './ports/crypto.ts';
import type { LinkRepository, PersonRecord, PersonRepository } from './ports/repositories.ts';
import type { Sessions } from './sessions.ts';
import { toUsernameKey } from './username.ts';

const FORGET_AFTER_MS = 15 * 60_000;
const MAX_KEYS = 10_000;
const NAME_LIMITS = { freeAttempts: 5, baseDelayMs: 1_000, maxDelayMs: 60_000, forgetAfterMs: FORGET_AFTER_MS, maxKeys: MAX_KEYS };
/** Looser than for a name: many people may share one address behind a proxy. */
const ADDRESS_LIMITS = { freeAttempts: 20, baseDelayMs: 1_000, maxDelayMs: 300_000, forgetAfterMs: FORGET_AFTER_MS, maxKeys: MAX_KEYS };
const MAX_KNOWN_PAIRS = 1_000;

export interface SignInOptions {
  readonly people: PersonRepository;
  readonly links: LinkRepository;
  readonly sessions: Sessions;
  readonly hasher: PasswordHasher;
  readonly secrets: SecretIssuer;
  readonly clock: Clock;
  readonly linkLifetimeMs: number;
}

export interface PasswordAttempt {
  readonly username: string;
  readonly password: Secret;
  readonly address: string;
}

/** Doors through which a person comes in: password and one-time link. Both slow down guessing. */
export class SignIn {
  readonly #options: SignInOptions;
  readonly #byName: AttemptLimiter;
  readonly #byAddress: AttemptLimiter;
  /** Name and address pairs that signed in before. They have a counter of their own, so a stranger's guesses cannot lock them out. */
  readonly #knownPairs = new Set<string>();

  constructor(options: SignInOptions) {
    this.#options = options;
    this.#byName = new AttemptLimiter(options.clock, NAME_LIMITS);
    this.#byAddress = new AttemptLimiter(options.clock, ADDRESS_LIMITS);
  }

  async withPassword(input: PasswordAttempt & FromDevice): Promise<OpenedSession> {
    const { hasher, people, sessions } = this.#options;
    const record = await this.verify(input);
    if (record === null) throw createSignInFailed();
    if (hasher.isOutdated(record.passwordHash)) {
      await people.setPasswordHash(record.person.id, await hasher.hash(input.password));
    }
    return sessions.open(record.person, input);
  }

  /** The person whose password this is, or null, which counts as a failed attempt. */
  async verify(input: PasswordAttempt): Promise<PersonRecord | null> {
    const { hasher, people } = this.#options;
    const usernameKey = toUsernameKey(input.username);
    const addressKey = toAddressKey(input.address);
    const pair = JSON.stringify([usernameKey, addressKey]);
    const nameKey = this.#knownPairs.has(pair) ? pair : usernameKey;
    this.#admit(nameKey, addressKey);
    const record = await people.findByName(usernameKey);
    const isRight = await hasher.verify(input.password, record?.passwordHash ?? null);
    if (record === null || !isRight) return null;
    // Verifying takes a while: a password that was changed or a person that was removed meanwhile must not come in.
    const current = await people.find(record.person.id);
    if (current?.passwordHash !== record.passwordHash) return null;
    this.#byName.succeed(nameKey);
    this.#byAddress.takeBack(addressKey);
    this.#remember(pair);
    return current;
  }

  async createLink(username: string): Promise<Secret> {
    const { clock, links, people, secrets, linkLifetimeMs } = this.#options;
    const record = await people.findByName(toUsernameKey(username));
    if (record === null) throw createPersonUnknown();
    const secret = secrets.issue();
    await links.removeExpired(clock.wall());
    await links.insert({ digest: secrets.digest(secret), personId: record.person.id, expiresAtWallMs: clock.wall() + linkLifetimeMs });
    return new Secret(secret);
  }

  async withLink(input: { readonly token: string; readonly address: string } & FromDevice): Promise<OpenedSession> {
    const { clock, links, people, secrets, sessions } = this.#options;
    const addressKey = toAddressKey(input.address);
    const waitMs = this.#byAddress.waitMs(addressKey);
    if (waitMs > 0) throw createTooManyAttempts(waitMs);
    this.#byAddress.begin(addressKey);
    const link = await links.take(secrets.digest(input.token));
    const record = link === null || clock.wall() >= link.expiresAtWallMs ? null : await people.find(link.personId);
    if (record === null) {
      throw new OpsError({ code: 'ACCESS_LINK_INVALID', message: 'This sign-in link was used before or has expired.' });
    }
    this.#byAddress.takeBack(addressKey);
    return sessions.open(record.person, input);
  }

  #admit(nameKey: string, addressKey: string): void {
    const waitMs = Math.max(this.#byName.waitMs(nameKey), this.#byAddress.waitMs(addressKey));
    if (waitMs > 0) throw createTooManyAttempts(waitMs);
    this.#byName.begin(nameKey);
    this.#byAddress.begin(addressKey);
  }

  #remember(pair: string): void {
    this.#knownPairs.delete(pair);
    this.#knownPairs.add(pair);
    if (this.#knownPairs.size <= MAX_KNOWN_PAIRS) return;
    const oldest = this.#knownPairs.values().next();
    if (oldest.done !== true) this.#knownPairs.delete(oldest.value);
  }
}

/** The same words for an unknown name and a wrong password: the answer must not tell which names exist. */
function createSignInFailed(): OpsError {
  return new OpsError({ code: 'ACCESS_SIGN_IN_FAILED', message: 'The name or the password is wrong.' });
}
