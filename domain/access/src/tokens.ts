import type { Role, Token } from '@breakwater/contract';
import { type Clock, createId, formatInstant, type Logger, OpsError, Secret } from '@breakwater/kernel';
import type { Principal } from './access.ts';
import type { SecretIssuer } from './ports/crypto.ts';
import type { TokenRecord, TokenRepository } from './ports/repositories.ts';
import { PrincipalCache } from './principal-cache.ts';

/** Lets secret scanners find a leaked token, and tells it apart from a session at a glance. */
const TOKEN_PREFIX = 'bwt_';
const SHOWN_PREFIX_LENGTH = 10;
const DAY_MS = 86_400_000;
const SEEN_LAG_MS = 60_000;
const CACHE_MAX_AGE_MS = 5_000;
const CACHE_MAX_ENTRIES = 2_000;
const MAX_TOKEN_LENGTH = 1_024;
/** A token that somebody makes up must still be beyond guessing. */
const MIN_ACCEPTED_LENGTH = 16;

interface LiveToken {
  readonly id: string;
  readonly principal: Principal;
  readonly expiresAtWallMs: number;
  storedSeenWallMs: number;
}

export interface TokensOptions {
  readonly repository: TokenRepository;
  readonly secrets: SecretIssuer;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onRightsChanged: () => void;
}

export class Tokens {
  readonly #repository: TokenRepository;
  readonly #secrets: SecretIssuer;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #onRightsChanged: () => void;
  readonly #cache: PrincipalCache<LiveToken>;
  readonly #accepted = new Map<string, Principal>();

  constructor(options: TokensOptions) {
    this.#repository = options.repository;
    this.#secrets = options.secrets;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#onRightsChanged = options.onRightsChanged;
    this.#cache = new PrincipalCache(options.clock, { maxAgeMs: CACHE_MAX_AGE_MS, maxEntries: CACHE_MAX_ENTRIES });
  }

  async list(): Promise<readonly Token[]> {
    return (await this.#repository.list()).map(toToken);
  }

  async create(input: {
    readonly name: string;
    readonly role: Role;
    readonly expiresInDays: number | null;
  }): Promise<{ readonly token: Token; readonly secret: Secret }> {
    const now = this.#clock.wall();
    const secret = TOKEN_PREFIX + this.#secrets.issue();
    const token: TokenRecord = {
      id: createId(),
      name: input.name,
      role: input.role,
      prefix: secret.slice(0, SHOWN_PREFIX_LENGTH),
      createdAtWallMs: now,
      lastUsedAtWallMs: null,
      expiresAtWallMs: input.expiresInDays === null ? null : now + input.expiresInDays * DAY_MS,
    };
    await this.#repository.insert(token, { digest: this.#secrets.digest(secret) });
    return { token: toToken(token), secret: new Secret(secret) };
  }

  async remove(id: string): Promise<void> {
    const outcome = await this.#repository.remove(id);
    this.#cache.clear();
    this.#onRightsChanged();
    if (outcome === 'unknown') throw new OpsError({ code: 'ACCESS_TOKEN_UNKNOWN', message: 'There is no such token.' });
  }

  accept(input: { readonly token: Secret; readonly role: Role }): void {
    const value = input.token.reveal();
    const isSendable = /^[\x21-\x7e]+$/.test(value);
    if (!isSendable || value.length < MIN_ACCEPTED_LENGTH || value.length > MAX_TOKEN_LENGTH) {
      throw new OpsError({
        code: 'ACCESS_TOKEN_WEAK',
        message: `An API token must have ${MIN_ACCEPTED_LENGTH} to ${MAX_TOKEN_LENGTH} characters, all of them printable ASCII other than space.`,
        details: { minLength: MIN_ACCEPTED_LENGTH, maxLength: MAX_TOKEN_LENGTH },
      });
    }
    this.#accepted.set(this.#secrets.digest(value), {
      id: 'configured-token',
      name: 'configured (token)',
      role: input.role,
      via: 'token',
    });
  }

  async find(secret: string): Promise<Principal | null> {
    if (secret.length < MIN_ACCEPTED_LENGTH || secret.length > MAX_TOKEN_LENGTH) return null;
    const digest = this.#secrets.digest(secret);
    const accepted = this.#accepted.get(digest);
    if (accepted !== undefined) return accepted;
    if (!secret.startsWith(TOKEN_PREFIX)) return null;
    const live = this.#cache.get(digest) ?? (await this.#cache.load(digest, () => this.#read(digest)));
    const now = this.#clock.wall();
    if (live === null || now >= live.expiresAtWallMs) return null;
    if (now - live.storedSeenWallMs >= SEEN_LAG_MS) await this.#store(live, now);
    return live.principal;
  }

  async #read(digest: string): Promise<LiveToken | null> {
    const token = await this.#repository.findByDigest(digest);
    if (token === null) return null;
    return {
      id: token.id,
      // User names hold no space and no bracket, so the journal cannot mistake a token for a person.
      principal: { id: token.id, name: `${token.name} (token)`, role: token.role, via: 'token' },
      expiresAtWallMs: token.expiresAtWallMs ?? Number.POSITIVE_INFINITY,
      storedSeenWallMs: token.lastUsedAtWallMs ?? Number.NEGATIVE_INFINITY,
    };
  }

  async #store(live: LiveToken, now: number): Promise<void> {
    live.storedSeenWallMs = now;
    try {
      await this.#repository.touch(live.id, now);
    } catch (error) {
      this.#logger.warn('The last use of a token could not be stored.', { token: live.id, error });
    }
  }
}

function toToken(record: TokenRecord): Token {
  return {
    id: record.id,
    name: record.name,
    role: record.role,
    prefix: record.prefix,
    created_at: formatInstant(record.createdAtWallMs),
    last_used_at: record.lastUsedAtWallMs === null ? null : formatInstant(record.lastUsedAtWallMs),
    expires_at: record.expiresAtWallMs === null ? null : formatInstant(record.expiresAtWallMs),
  };
}
