import { randomBytes } from 'node:crypto';
import { type Clock, createId, formatInstant } from '@breakwater/kernel';
import type { Moref } from '@breakwater/vsphere/schema';
import type { UpdateCollector } from './collector/update-collector.ts';
import type { ServerLimits } from './limits.ts';
import { keyOf, type SimObject } from './model/world.ts';
import { SoapFault } from './soap/soap-fault.ts';

export interface RetrievePage {
  readonly rest: readonly unknown[];
  readonly size: number;
}

/** One signed-in client with everything that lives no longer than its session. */
export interface Session {
  readonly key: string;
  /** Value of the cookie, without the quotes. */
  readonly secret: string;
  readonly userName: string;
  readonly loginWallMs: number;
  lastActiveMs: number;
  lastActiveWallMs: number;
  callCount: number;
  readonly objects: Map<string, SimObject>;
  readonly collectors: Map<string, UpdateCollector>;
  readonly pages: Map<string, RetrievePage>;
}

interface Account {
  readonly password: string;
  failures: number;
  lockedUntilMs: number;
}

export interface LoginCounters {
  attempts: number;
  failures: number;
  lockouts: number;
}

/** Who is signed in, and who may. */
export class Sessions {
  readonly counters: LoginCounters = { attempts: 0, failures: 0, lockouts: 0 };
  readonly #clock: Clock;
  readonly #limits: ServerLimits;
  readonly #accounts = new Map<string, Account>();
  readonly #sessions = new Map<string, Session>();
  #maxOpen = 0;

  constructor(options: { readonly clock: Clock; readonly limits: ServerLimits; readonly users: Readonly<Record<string, string>> }) {
    this.#clock = options.clock;
    this.#limits = options.limits;
    for (const [name, password] of Object.entries(options.users))
      this.#accounts.set(name, { password, failures: 0, lockedUntilMs: Number.NEGATIVE_INFINITY });
  }

  get openCount(): number {
    this.#sweep();
    return this.#sessions.size;
  }

  get maxOpenCount(): number {
    return this.#maxOpen;
  }

  login(userName: string, password: string): Session {
    this.counters.attempts++;
    if (this.#limits.lockdown === 'on') {
      throw new SoapFault('NoPermission', {
        text: 'Permission to perform this operation was denied.',
        fields: { object: { type: 'Folder', value: 'ha-folder-root' }, privilegeId: 'System.View' },
      });
    }
    this.#checkPassword(userName, password);
    this.#sweep();
    if (this.#sessions.size >= this.#limits.maxSessions)
      throw new SoapFault('SystemError', {
        text: 'SOAP session count limit reached.',
        fields: { reason: 'SOAP session count limit reached.' },
      });
    const session: Session = {
      key: createId(),
      secret: randomBytes(20).toString('hex'),
      userName,
      loginWallMs: this.#clock.wall(),
      lastActiveMs: this.#clock.now(),
      lastActiveWallMs: this.#clock.wall(),
      callCount: 0,
      objects: new Map(),
      collectors: new Map(),
      pages: new Map(),
    };
    this.#sessions.set(session.secret, session);
    this.#maxOpen = Math.max(this.#maxOpen, this.#sessions.size);
    return session;
  }

  /** True for a known user with the right password; used by the doors that take Basic credentials. Counts like a login. */
  checkBasic(userName: string, password: string): boolean {
    this.counters.attempts++;
    try {
      this.#checkPassword(userName, password);
      return true;
    } catch (error) {
      if (error instanceof SoapFault) return false;
      throw error;
    }
  }

  /** The live session behind a cookie; being found counts as activity. */
  find(secret: string | undefined): Session | undefined {
    this.#sweep();
    const session = secret === undefined ? undefined : this.#sessions.get(secret);
    if (session !== undefined) {
      session.lastActiveMs = this.#clock.now();
      session.lastActiveWallMs = this.#clock.wall();
      session.callCount++;
    }
    return session;
  }

  isLive(session: Session): boolean {
    return this.#sessions.get(session.secret) === session;
  }

  findByKey(key: string): Session | undefined {
    this.#sweep();
    return [...this.#sessions.values()].find((session) => session.key === key);
  }

  end(session: Session): void {
    this.#sessions.delete(session.secret);
    for (const collector of session.collectors.values()) collector.stop();
  }

  endAll(): void {
    for (const session of this.#sessions.values()) this.end(session);
  }

  lock(userName: string): void {
    const account = this.#accounts.get(userName);
    if (account === undefined) return;
    account.lockedUntilMs = this.#clock.now() + this.#limits.lockoutMs;
    this.counters.lockouts++;
  }

  unlock(userName: string): void {
    const account = this.#accounts.get(userName);
    if (account === undefined) return;
    account.lockedUntilMs = Number.NEGATIVE_INFINITY;
    account.failures = 0;
  }

  isLocked(userName: string): boolean {
    return (this.#accounts.get(userName)?.lockedUntilMs ?? Number.NEGATIVE_INFINITY) > this.#clock.now();
  }

  #checkPassword(userName: string, password: string): void {
    const account = this.#accounts.get(userName);
    if (account !== undefined && account.lockedUntilMs <= this.#clock.now() && account.password === password) {
      account.failures = 0;
      return;
    }
    this.counters.failures++;
    if (account !== undefined && account.password !== password && account.lockedUntilMs <= this.#clock.now()) {
      account.failures++;
      if (account.failures >= this.#limits.lockoutAfter) {
        account.failures = 0;
        this.lock(userName);
      }
    }
    // A locked account, a wrong name and a wrong password look alike from outside.
    throw new SoapFault('InvalidLogin', { text: 'Cannot complete login due to an incorrect user name or password.' });
  }

  #sweep(): void {
    if (this.#limits.sessionIdleMs <= 0) return;
    const oldest = this.#clock.now() - this.#limits.sessionIdleMs;
    for (const session of this.#sessions.values()) {
      const isWaiting = [...session.collectors.values()].some((collector) => collector.isWaiting);
      if (session.lastActiveMs < oldest && !isWaiting) this.end(session);
    }
  }
}

export function describeSession(session: Session): unknown {
  return {
    key: session.key,
    userName: session.userName,
    fullName: session.userName,
    loginTime: formatInstant(session.loginWallMs),
    lastActiveTime: formatInstant(session.lastActiveWallMs),
    locale: 'en',
    messageLocale: 'en',
    extensionSession: false,
    callCount: session.callCount,
  };
}

/** Registers an object that only this session sees. */
export function addSessionObject(session: Session, object: SimObject): void {
  session.objects.set(keyOf(object.ref), object);
}

export const sessionMoid = (session: Session): string => `session[${session.key}]${createId()}`;

export const findSessionObject = (session: Session, ref: Moref): SimObject | undefined => session.objects.get(keyOf(ref));
