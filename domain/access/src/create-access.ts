import type { Role } from '@breakwater/contract';
import type { Clock, Logger } from '@breakwater/kernel';
import type { Access, Permission, Principal } from './access.ts';
import { FirstRun } from './first-run.ts';
import { OwnPassword } from './own-password.ts';
import { People } from './people.ts';
import type { PasswordHasher, SecretIssuer, SetupTokenStore } from './ports/crypto.ts';
import type { AccessRepositories } from './ports/repositories.ts';
import { type SessionLimits, Sessions } from './sessions.ts';
import { SignIn } from './sign-in.ts';
import { Tokens } from './tokens.ts';

const PERMISSIONS: Readonly<Record<Role, readonly Permission[]>> = {
  viewer: ['read'],
  operator: ['read', 'operate'],
  admin: ['read', 'operate', 'administer'],
};

const DAY_MS = 86_400_000;
const DEFAULT_SESSION_LIMITS: SessionLimits = { idleMs: DAY_MS, maxAgeMs: 30 * DAY_MS };
const DEFAULT_LINK_LIFETIME_MS = 3_600_000;

export interface CreateAccessOptions {
  readonly repositories: AccessRepositories;
  readonly hasher: PasswordHasher;
  readonly secrets: SecretIssuer;
  readonly setupTokenStore: SetupTokenStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default: over after a day without use, and after 30 days in any case. */
  readonly sessionLimits?: SessionLimits;
  /** Default: one hour. */
  readonly linkLifetimeMs?: number;
}

export function createAccess(options: CreateAccessOptions): Access {
  const { clock, hasher, logger, repositories, secrets } = options;
  const listeners = new Set<() => void>();
  const onRightsChanged = (): void => {
    for (const listener of listeners) listener();
  };
  const sessions = new Sessions({
    onRightsChanged,
    repository: repositories.sessions,
    secrets,
    clock,
    logger,
    limits: options.sessionLimits ?? DEFAULT_SESSION_LIMITS,
  });
  const tokens = new Tokens({ repository: repositories.tokens, secrets, clock, logger, onRightsChanged });
  const people = new People({ repository: repositories.people, links: repositories.links, hasher, sessions, clock });
  const signIn = new SignIn({
    people: repositories.people,
    links: repositories.links,
    sessions,
    hasher,
    secrets,
    clock,
    linkLifetimeMs: options.linkLifetimeMs ?? DEFAULT_LINK_LIFETIME_MS,
  });
  const ownPassword = new OwnPassword({ people: repositories.people, links: repositories.links, hasher, sessions, signIn });
  const firstRun = new FirstRun({
    repository: repositories.people,
    people,
    sessions,
    hasher,
    secrets,
    store: options.setupTokenStore,
  });

  return {
    isSetupRequired: () => firstRun.isRequired(),
    setupToken: () => firstRun.token(),
    setUp: (input) => firstRun.setUp(input),
    signIn: (input) => signIn.withPassword(input),
    createLink: (username) => signIn.createLink(username),
    signInByLink: (input) => signIn.withLink(input),
    signOut: (sessionSecret) => sessions.close(sessionSecret),
    findBySession: (sessionSecret) => sessions.find(sessionSecret),
    findByToken: (token) => tokens.find(token),
    may,
    onRightsChanged(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    changeOwnPassword: (own, input) => ownPassword.change(own, input),
    ownSessions: (own) => sessions.list(own),
    endOwnSession: (own, input) => sessions.closeById(own, input),
    endOtherSessions: (own) => sessions.closeOthers(own),
    ensureAdministrator: (input) => firstRun.ensureAdministrator(input),
    acceptToken: (input) => tokens.accept(input),
    people: () => people.list(),
    person: (id) => people.find(id),
    addPerson: (input) => people.add(input),
    updatePerson: (id, input) => people.update(id, input),
    removePerson: (id) => people.remove(id),
    tokens: () => tokens.list(),
    createToken: (input) => tokens.create(input),
    removeToken: (id) => tokens.remove(id),
  };
}

function may(principal: Principal, permission: Permission): boolean {
  return PERMISSIONS[principal.role].includes(permission);
}
