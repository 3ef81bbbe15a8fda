import type { OwnSession, Person, Role, Token } from '@breakwater/contract';
import type { Secret } from '@breakwater/kernel';

/** Who acts. `name` goes into the journal. */
export interface Principal {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly via: 'session' | 'token';
}

/** viewer reads; operator also acts on machines; admin also manages servers, people and tokens. */
export type Permission = 'read' | 'operate' | 'administer';

export interface OpenedSession {
  readonly person: Person;
  /** Goes into the cookie and nowhere else; only its hash is stored. */
  readonly secret: Secret;
  readonly expiresAtWallMs: number;
}

/** What a person will know a session by: a few words about the browser, never its whole description. */
export interface FromDevice {
  readonly device?: string | null;
}

/** A person, and the session through which that person asks. */
export interface OwnSessionRef {
  readonly personId: string;
  readonly sessionSecret: string;
}

/** The one place that decides who somebody is and what they may do. */
export interface Access {
  isSetupRequired(): Promise<boolean>;
  /** One-time token for the first administrator; made at the first start and printed by the program. Null once set up. */
  setupToken(): Promise<Secret | null>;
  /** `ACCESS_SETUP_DONE`, `ACCESS_SETUP_TOKEN_WRONG`. */
  setUp(input: { readonly token: string; readonly username: string; readonly password: Secret } & FromDevice): Promise<OpenedSession>;
  /** `ACCESS_SIGN_IN_FAILED` (same words for unknown name and wrong password), `ACCESS_TOO_MANY_ATTEMPTS` with `retryAfterMs`. */
  signIn(input: { readonly username: string; readonly password: Secret; readonly address: string } & FromDevice): Promise<OpenedSession>;
  /** A one-time sign-in link for a person, as `breakwater demo` prints it. */
  createLink(username: string): Promise<Secret>;
  signInByLink(input: { readonly token: string; readonly address: string } & FromDevice): Promise<OpenedSession>;
  signOut(sessionSecret: string): Promise<void>;
  /** Null for anything unknown or expired. Called on every request: must be cheap. */
  findBySession(sessionSecret: string): Promise<Principal | null>;
  findByToken(token: string): Promise<Principal | null>;
  may(principal: Principal, permission: Permission): boolean;
  /**
   * Calls `listener` after anybody's rights may have changed or ended, for what outlives the request that opened it. What another
   * process changes in the same data is not told. The result ends it.
   */
  onRightsChanged(listener: () => void): () => void;

  /**
   * A person changes the own password. `ACCESS_PASSWORD_WRONG` for a wrong current one, which counts as a failed sign-in;
   * `ACCESS_TOO_MANY_ATTEMPTS`. Ends that person's other sessions and unused links.
   */
  changeOwnPassword(
    own: OwnSessionRef,
    input: { readonly currentPassword: Secret; readonly newPassword: Secret; readonly address: string },
  ): Promise<void>;
  /** Where this person is signed in, last used first. */
  ownSessions(own: OwnSessionRef): Promise<readonly OwnSession[]>;
  /** `ACCESS_SESSION_UNKNOWN`, also for a session of somebody else. */
  endOwnSession(own: OwnSessionRef, input: { readonly id: string }): Promise<void>;
  endOtherSessions(own: OwnSessionRef): Promise<void>;

  /** Makes the named administrator exist with this password (for `BREAKWATER_ADMIN_PASSWORD_FILE`); ends the first-run state. */
  ensureAdministrator(input: { readonly username: string; readonly password: Secret }): Promise<void>;
  /** Accepts this token for machines (for `BREAKWATER_API_TOKEN`). */
  acceptToken(input: { readonly token: Secret; readonly role: Role }): void;

  people(): Promise<readonly Person[]>;
  person(id: string): Promise<Person | null>;
  addPerson(input: { readonly username: string; readonly password: Secret; readonly role: Role }): Promise<Person>;
  /** `ACCESS_LAST_ADMINISTRATOR` when it would leave nobody in charge. A new password ends that person's sessions. */
  updatePerson(id: string, input: { readonly password?: Secret | undefined; readonly role?: Role | undefined }): Promise<Person>;
  removePerson(id: string): Promise<void>;
  tokens(): Promise<readonly Token[]>;
  /** The token itself is given out once, here. */
  createToken(input: {
    readonly name: string;
    readonly role: Role;
    readonly expiresInDays: number | null;
  }): Promise<{ readonly token: Token; readonly secret: Secret }>;
  removeToken(id: string): Promise<void>;
}
