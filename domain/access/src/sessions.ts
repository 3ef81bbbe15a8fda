import type { OwnSession, Person } from '@breakwater/contract';
import { type Clock, formatInstant, type Logger, OpsError, Secret } from '@breakwater/kernel';
import type { FromDevice, OpenedSession, OwnSessionRef, Principal } from './access.ts';
import type { SecretIssuer } from './ports/crypto.ts';
import type { SessionRecord, SessionRepository } from './ports/repositories.ts';
import { PrincipalCache } from './principal-cache.ts';

export interface SessionLimits {
  /** A session nobody used for this long is over. */
  readonly idleMs: number;
  /** A session ends after this long, used or not. */
  readonly maxAgeMs: number;
}

interface LiveSession {
  readonly principal: Principal;
  readonly expiresAtWallMs: number;
  lastSeenWallMs: number;
  storedSeenWallMs: number;
}

/** How far the stored "last seen" may lag behind: one write a minute and session at most. */
const SEEN_LAG_MS = 60_000;
const CACHE_MAX_AGE_MS = 5_000;
const CACHE_MAX_ENTRIES = 2_000;
/** Issued secrets are 43 characters; whatever is longer was not issued and is not worth a digest. */
const MAX_SECRET_LENGTH = 200;

export interface SessionsOptions {
  readonly repository: SessionRepository;
  readonly secrets: SecretIssuer;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: SessionLimits;
  readonly onRightsChanged: () => void;
}

export class Sessions {
  readonly #repository: SessionRepository;
  readonly #secrets: SecretIssuer;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #limits: SessionLimits;
  readonly #onRightsChanged: () => void;
  readonly #cache: PrincipalCache<LiveSession>;

  constructor(options: SessionsOptions) {
    this.#repository = options.repository;
    this.#secrets = options.secrets;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#limits = options.limits;
    this.#onRightsChanged = options.onRightsChanged;
    this.#cache = new PrincipalCache(options.clock, { maxAgeMs: CACHE_MAX_AGE_MS, maxEntries: CACHE_MAX_ENTRIES });
  }

  async open(person: Person, { device = null }: FromDevice): Promise<OpenedSession> {
    const now = this.#clock.wall();
    const secret = this.#secrets.issue();
    const expiresAtWallMs = now + this.#limits.maxAgeMs;
    await this.#repository.removeExpired({ wallMs: now, lastSeenBeforeWallMs: now - this.#limits.idleMs });
    await this.#repository.insert({
      digest: this.#secrets.digest(secret),
      personId: person.id,
      createdAtWallMs: now,
      lastSeenWallMs: now,
      expiresAtWallMs,
      device,
    });
    return { person, secret: new Secret(secret), expiresAtWallMs };
  }

  async find(secret: string): Promise<Principal | null> {
    if (secret.length === 0 || secret.length > MAX_SECRET_LENGTH) return null;
    const digest = this.#secrets.digest(secret);
    const live = this.#cache.get(digest) ?? (await this.#cache.load(digest, () => this.#read(digest)));
    if (live === null) return null;
    const now = this.#clock.wall();
    if (now >= live.expiresAtWallMs || now - live.lastSeenWallMs > this.#limits.idleMs) return null;
    live.lastSeenWallMs = now;
    if (now - live.storedSeenWallMs >= SEEN_LAG_MS) await this.#store(digest, live, now);
    return live.principal;
  }

  async close(secret: string): Promise<void> {
    if (secret.length === 0 || secret.length > MAX_SECRET_LENGTH) return;
    await this.#repository.remove(this.#secrets.digest(secret));
    this.forgetCached();
  }

  async closeOfPerson(personId: string): Promise<void> {
    await this.#repository.removeOfPerson(personId);
    this.forgetCached();
  }

  async closeOthers({ personId, sessionSecret }: OwnSessionRef): Promise<void> {
    await this.#repository.removeOthersOfPerson(personId, { keptDigest: this.#secrets.digest(sessionSecret) });
    this.forgetCached();
  }

  async closeById({ personId }: OwnSessionRef, { id }: { readonly id: string }): Promise<void> {
    const session = (await this.#listLive(personId)).find((candidate) => this.#toId(candidate) === id);
    if (session === undefined) {
      throw new OpsError({ code: 'ACCESS_SESSION_UNKNOWN', message: 'You have no such session. It may have ended already.' });
    }
    await this.#repository.remove(session.digest);
    this.forgetCached();
  }

  async list({ personId, sessionSecret }: OwnSessionRef): Promise<readonly OwnSession[]> {
    const current = this.#secrets.digest(sessionSecret);
    return (await this.#listLive(personId)).map((session) => ({
      id: this.#toId(session),
      created_at: formatInstant(session.createdAtWallMs),
      last_used_at: formatInstant(session.lastSeenWallMs),
      device: session.device,
      current: session.digest === current,
    }));
  }

  async #listLive(personId: string): Promise<readonly SessionRecord[]> {
    const now = this.#clock.wall();
    const stored = await this.#repository.listOfPerson(personId);
    return stored.filter((session) => now < session.expiresAtWallMs && now - session.lastSeenWallMs <= this.#limits.idleMs);
  }

  /** Told to browsers; the digest itself is the key by which requests are let in and stays here. */
  #toId(session: SessionRecord): string {
    return this.#secrets.digest(session.digest);
  }

  /** For changes that sessions show (a role) or that ended them in the database (a removed person). */
  forgetCached(): void {
    this.#cache.clear();
    this.#onRightsChanged();
  }

  async #read(digest: string): Promise<LiveSession | null> {
    const found = await this.#repository.find(digest);
    if (found === null) return null;
    const { session, person } = found;
    return {
      principal: { id: person.id, name: person.username, role: person.role, via: 'session' },
      expiresAtWallMs: session.expiresAtWallMs,
      lastSeenWallMs: session.lastSeenWallMs,
      storedSeenWallMs: session.lastSeenWallMs,
    };
  }

  async #store(digest: string, live: LiveSession, now: number): Promise<void> {
    live.storedSeenWallMs = now;
    try {
      await this.#repository.touch(digest, now);
    } catch (error) {
      // A full disk must not sign everybody out: the session stays good, only its idle time counts from the last write.
      this.#logger.warn('The last use of a session could not be stored.', { error });
    }
  }
}
