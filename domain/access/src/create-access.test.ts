import { isOpsError, ManualClock, Secret, silentLogger } from '@breakwater/kernel';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Access } from './access.ts';
import { createAccess } from './create-access.ts';
import type { AccessRepositories } from './ports/repositories.ts';
import { createFakeSecretIssuer, FakeHasher, FakeSetupTokenStore } from './testing/fakes.ts';
import { createInMemoryAccessRepositories } from './testing/in-memory-repositories.ts';

const PASSWORD = new Secret('correct horse battery');
const HOUR_MS = 3_600_000;

let clock: ManualClock;
let hasher: FakeHasher;
let store: FakeSetupTokenStore;
let repositories: AccessRepositories;
let access: Access;

function open(): Access {
  return createAccess({
    repositories,
    hasher,
    secrets: createFakeSecretIssuer(),
    setupTokenStore: store,
    clock,
    logger: silentLogger,
    sessionLimits: { idleMs: HOUR_MS, maxAgeMs: 10 * HOUR_MS },
    linkLifetimeMs: HOUR_MS,
  });
}

beforeEach(() => {
  clock = new ManualClock();
  hasher = new FakeHasher();
  store = new FakeSetupTokenStore();
  repositories = createInMemoryAccessRepositories();
  access = open();
});

async function codeOf(act: Promise<unknown>): Promise<string> {
  try {
    await act;
  } catch (error) {
    if (isOpsError(error)) return error.code;
    throw error;
  }
  return 'no error';
}

async function setUp(): Promise<string> {
  const token = await access.setupToken();
  const session = await access.setUp({ token: token?.reveal() ?? '', username: 'Ann', password: PASSWORD });
  return session.secret.reveal();
}

const signIn = (username: string, password: string, address = '10.0.0.1') =>
  access.signIn({ username, password: new Secret(password), address });

describe('first run', () => {
  it('keeps one setup token until it is used, also over a restart', async () => {
    const first = await access.setupToken();
    expect((await open().setupToken())?.reveal()).toBe(first?.reveal());
    expect(await access.isSetupRequired()).toBe(true);
  });

  it('makes the first administrator, signs in and removes the token', async () => {
    const secret = await setUp();
    expect(await access.findBySession(secret)).toMatchObject({ name: 'Ann', role: 'admin', via: 'session' });
    expect(store.token).toBeNull();
    expect(await access.isSetupRequired()).toBe(false);
    expect(await access.setupToken()).toBeNull();
  });

  it('refuses a wrong token, and any token once set up', async () => {
    const token = (await access.setupToken())?.reveal() ?? '';
    expect(await codeOf(access.setUp({ token: `${token}x`, username: 'Eve', password: PASSWORD }))).toBe('ACCESS_SETUP_TOKEN_WRONG');
    await access.setUp({ token, username: 'Ann', password: PASSWORD });
    expect(await codeOf(access.setUp({ token, username: 'Eve', password: PASSWORD }))).toBe('ACCESS_SETUP_DONE');
  });

  it('refuses every token while none was made', async () => {
    expect(await codeOf(access.setUp({ token: '', username: 'Eve', password: PASSWORD }))).toBe('ACCESS_SETUP_TOKEN_WRONG');
  });

  it('lets one of two simultaneous set-ups win', async () => {
    const token = (await access.setupToken())?.reveal() ?? '';
    const codes = await Promise.all(['Ann', 'Bob'].map((username) => codeOf(access.setUp({ token, username, password: PASSWORD }))));
    expect(codes.toSorted()).toEqual(['ACCESS_SETUP_DONE', 'no error']);
    expect(await access.people()).toHaveLength(1);
  });

  it('ends with a configured administrator, whose sessions survive a restart with the same password', async () => {
    await access.setupToken();
    await access.ensureAdministrator({ username: 'root', password: PASSWORD });
    expect(await access.isSetupRequired()).toBe(false);
    expect(store.token).toBeNull();
    const session = await signIn('root', PASSWORD.reveal());
    await access.ensureAdministrator({ username: 'Root', password: PASSWORD });
    expect(await access.findBySession(session.secret.reveal())).not.toBeNull();
    await access.ensureAdministrator({ username: 'root', password: new Secret('another password') });
    expect(await access.findBySession(session.secret.reveal())).toBeNull();
    expect(await access.people()).toHaveLength(1);
  });
});

describe('sign-in', () => {
  beforeEach(async () => {
    await setUp();
  });

  it('does not care about case and compatibility forms of the name', async () => {
    const session = await signIn(' ａNN ', PASSWORD.reveal());
    expect(session.person.username).toBe('Ann');
  });

  it('answers the same for an unknown name and a wrong password, and does the same work', async () => {
    const before = hasher.verifications;
    expect(await codeOf(signIn('nobody', 'x'))).toBe('ACCESS_SIGN_IN_FAILED');
    expect(await codeOf(signIn('ann', 'x'))).toBe('ACCESS_SIGN_IN_FAILED');
    expect(hasher.verifications - before).toBe(2);
  });

  it('slows a guesser down with a growing delay and says for how long', async () => {
    for (let attempt = 0; attempt < 5; attempt++) expect(await codeOf(signIn('ann', `guess ${attempt}`))).toBe('ACCESS_SIGN_IN_FAILED');
    await expect(signIn('ann', PASSWORD.reveal())).rejects.toMatchObject({
      code: 'ACCESS_TOO_MANY_ATTEMPTS',
      details: { retryAfterMs: 1_000 },
    });
    await clock.advance(1_000);
    expect(await codeOf(signIn('ann', 'guess'))).toBe('ACCESS_SIGN_IN_FAILED');
    await expect(signIn('ann', 'guess')).rejects.toMatchObject({ details: { retryAfterMs: 2_000 } });
    await clock.advance(2_000);
    expect((await signIn('ann', PASSWORD.reveal())).person.username).toBe('Ann');
    expect(await codeOf(signIn('ann', 'guess'))).toBe('ACCESS_SIGN_IN_FAILED');
  });

  it('counts attempts that run at the same time', async () => {
    const codes = await Promise.all(Array.from({ length: 50 }, (_, index) => codeOf(signIn('ann', `guess ${index}`))));
    expect(codes.filter((code) => code === 'ACCESS_SIGN_IN_FAILED')).toHaveLength(5);
  });

  it('lets somebody in from a known address while a stranger guesses that name', async () => {
    await signIn('ann', PASSWORD.reveal(), '10.0.0.1');
    for (let attempt = 0; attempt < 8; attempt++) await codeOf(signIn('ann', 'guess', '203.0.113.9'));
    expect(await codeOf(signIn('ann', PASSWORD.reveal(), '203.0.113.9'))).toBe('ACCESS_TOO_MANY_ATTEMPTS');
    expect((await signIn('ann', PASSWORD.reveal(), '10.0.0.1')).person.username).toBe('Ann');
  });

  it('slows one address down that tries many names, and a sign-in of its own does not wipe the count', async () => {
    await access.addPerson({ username: 'eve', password: new Secret('eve has a password'), role: 'viewer' });
    for (let attempt = 0; attempt < 19; attempt++) await codeOf(signIn(`name${attempt}`, 'guess'));
    await signIn('eve', 'eve has a password');
    expect(await codeOf(signIn('name20', 'guess'))).toBe('ACCESS_SIGN_IN_FAILED');
    expect(await codeOf(signIn('name21', 'guess'))).toBe('ACCESS_TOO_MANY_ATTEMPTS');
    expect(await codeOf(signIn('name21', 'guess', '10.0.0.2'))).toBe('ACCESS_SIGN_IN_FAILED');
  });

  it('counts all addresses of one IPv6 subscriber as one', async () => {
    for (let attempt = 0; attempt < 20; attempt++) await codeOf(signIn(`name${attempt}`, 'guess', `2001:db8::${attempt}`));
    expect(await codeOf(signIn('another', 'guess', '2001:db8::ffff'))).toBe('ACCESS_TOO_MANY_ATTEMPTS');
    expect(await codeOf(signIn('another', 'guess', '2001:db8:0:1::ffff'))).toBe('ACCESS_SIGN_IN_FAILED');
  });

  it('refuses a password that was changed while it was being checked', async () => {
    const person = (await access.people())[0];
    const slow = hasher.verify.bind(hasher);
    hasher.verify = async (password, encoded) => {
      const isRight = await slow(password, encoded);
      await access.updatePerson(person?.id ?? '', { password: new Secret('a new password') });
      return isRight;
    };
    expect(await codeOf(signIn('ann', PASSWORD.reveal()))).toBe('ACCESS_SIGN_IN_FAILED');
  });

  it('renews a hash that was made with weaker parameters', async () => {
    hasher.generation = 2;
    await signIn('ann', PASSWORD.reveal());
    expect((await repositories.people.findByName('ann'))?.passwordHash).toBe(`2:${PASSWORD.reveal()}`);
  });

  it('opens a session by a link once, and not after its hour', async () => {
    const link = (await access.createLink('ann')).reveal();
    const session = await access.signInByLink({ token: link, address: '10.0.0.1' });
    expect(await access.findBySession(session.secret.reveal())).toMatchObject({ name: 'Ann' });
    expect(await codeOf(access.signInByLink({ token: link, address: '10.0.0.1' }))).toBe('ACCESS_LINK_INVALID');
    const late = (await access.createLink('ann')).reveal();
    await clock.advance(HOUR_MS);
    expect(await codeOf(access.signInByLink({ token: late, address: '10.0.0.1' }))).toBe('ACCESS_LINK_INVALID');
    expect(await codeOf(access.createLink('nobody'))).toBe('ACCESS_PERSON_UNKNOWN');
  });
});

describe('sessions', () => {
  it('end after an hour without use, and go on while used', async () => {
    const secret = await setUp();
    await clock.advance(HOUR_MS);
    expect(await access.findBySession(secret)).not.toBeNull();
    await clock.advance(HOUR_MS);
    expect(await access.findBySession(secret)).not.toBeNull();
    await clock.advance(HOUR_MS + 1);
    expect(await access.findBySession(secret)).toBeNull();
  });

  it('end after ten hours in any case', async () => {
    const secret = await setUp();
    for (let hour = 0; hour < 9; hour++) {
      await clock.advance(HOUR_MS);
      expect(await access.findBySession(secret)).not.toBeNull();
    }
    await clock.advance(HOUR_MS);
    expect(await access.findBySession(secret)).toBeNull();
  });

  it('need no database while they are in use', async () => {
    const secret = await setUp();
    let reads = 0;
    const { sessions } = repositories;
    repositories = {
      ...repositories,
      sessions: {
        ...sessions,
        find: (digest) => {
          reads++;
          return sessions.find(digest);
        },
      },
    };
    access = open();
    for (let request = 0; request < 1_000; request++) expect(await access.findBySession(secret)).not.toBeNull();
    expect(reads).toBe(1);
  });

  it('survive a database that cannot be written', async () => {
    const secret = await setUp();
    repositories = {
      ...repositories,
      sessions: { ...repositories.sessions, touch: () => Promise.reject(new Error('disk full')) },
    };
    access = open();
    await clock.advance(120_000);
    expect(await access.findBySession(secret)).not.toBeNull();
  });

  it('are over at once after signing out', async () => {
    const secret = await setUp();
    await access.findBySession(secret);
    await access.signOut(secret);
    expect(await access.findBySession(secret)).toBeNull();
  });

  it('that another process ended are noticed within seconds', async () => {
    const secret = await setUp();
    await access.findBySession(secret);
    await repositories.sessions.removeOfPerson((await access.people())[0]?.id ?? '');
    await clock.advance(5_000);
    expect(await access.findBySession(secret)).toBeNull();
  });

  it('that end while they are being read are not remembered', async () => {
    const secret = await setUp();
    const { sessions } = repositories;
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    repositories = {
      ...repositories,
      sessions: {
        ...sessions,
        find: async (digest) => {
          const found = await sessions.find(digest);
          await gate;
          return found;
        },
      },
    };
    access = open();
    const pending = access.findBySession(secret);
    await access.signOut(secret);
    release();
    await pending;
    expect(await access.findBySession(secret)).toBeNull();
  });

  it('are not found for empty, unknown or huge secrets', async () => {
    await setUp();
    for (const secret of ['', 'unknown', 'x'.repeat(100_000)]) expect(await access.findBySession(secret)).toBeNull();
  });
});

describe('people', () => {
  it('follow a changed role at once, and lose their sessions with a changed password', async () => {
    await setUp();
    const bob = await access.addPerson({ username: 'bob', password: PASSWORD, role: 'viewer' });
    const secret = (await signIn('bob', PASSWORD.reveal())).secret.reveal();
    expect(await access.findBySession(secret)).toMatchObject({ role: 'viewer' });
    await access.updatePerson(bob.id, { role: 'operator' });
    expect(await access.findBySession(secret)).toMatchObject({ role: 'operator' });
    await access.updatePerson(bob.id, { password: new Secret('another password') });
    expect(await access.findBySession(secret)).toBeNull();
  });

  it('lose their unused links with a changed password', async () => {
    await setUp();
    const link = (await access.createLink('ann')).reveal();
    await access.updatePerson((await access.people())[0]?.id ?? '', { password: new Secret('another password') });
    expect(await codeOf(access.signInByLink({ token: link, address: '10.0.0.1' }))).toBe('ACCESS_LINK_INVALID');
  });

  it('lose their sessions when removed', async () => {
    await setUp();
    const bob = await access.addPerson({ username: 'bob', password: PASSWORD, role: 'viewer' });
    const secret = (await signIn('bob', PASSWORD.reveal())).secret.reveal();
    await access.findBySession(secret);
    await access.removePerson(bob.id);
    expect(await access.findBySession(secret)).toBeNull();
    expect(await access.person(bob.id)).toBeNull();
  });

  it('never lose their last administrator', async () => {
    await setUp();
    const ann = (await access.people())[0];
    expect(await codeOf(access.removePerson(ann?.id ?? ''))).toBe('ACCESS_LAST_ADMINISTRATOR');
    expect(await codeOf(access.updatePerson(ann?.id ?? '', { role: 'viewer' }))).toBe('ACCESS_LAST_ADMINISTRATOR');
  });

  it('cannot share a name, and unknown ones are told apart', async () => {
    await setUp();
    expect(await codeOf(access.addPerson({ username: 'ANN', password: PASSWORD, role: 'viewer' }))).toBe('ACCESS_USERNAME_TAKEN');
    expect(await codeOf(access.updatePerson('nobody', { password: PASSWORD }))).toBe('ACCESS_PERSON_UNKNOWN');
    expect(await codeOf(access.removePerson('nobody'))).toBe('ACCESS_PERSON_UNKNOWN');
  });
});

describe('tokens', () => {
  it('are given out once, work as bearer of their role and end with their days', async () => {
    const { token, secret } = await access.createToken({ name: 'ci', role: 'operator', expiresInDays: 2 });
    expect(secret.reveal()).toMatch(/^bwt_/);
    expect(secret.reveal().startsWith(token.prefix)).toBe(true);
    expect(await access.findByToken(secret.reveal())).toEqual({ id: token.id, name: 'ci (token)', role: 'operator', via: 'token' });
    expect((await access.tokens())[0]?.last_used_at).toBe('2026-01-01T00:00:00.000Z');
    await clock.advance(2 * 86_400_000);
    expect(await access.findByToken(secret.reveal())).toBeNull();
  });

  it('stop at once when removed', async () => {
    const { token, secret } = await access.createToken({ name: 'ci', role: 'operator', expiresInDays: null });
    await access.findByToken(secret.reveal());
    await access.removeToken(token.id);
    expect(await access.findByToken(secret.reveal())).toBeNull();
    expect(await codeOf(access.removeToken(token.id))).toBe('ACCESS_TOKEN_UNKNOWN');
  });

  it('can be configured, if they are beyond guessing', async () => {
    access.acceptToken({ token: new Secret('a-token-from-the-environment'), role: 'admin' });
    expect(await access.findByToken('a-token-from-the-environment')).toMatchObject({ role: 'admin', via: 'token' });
    for (const token of ['short', 'a token with spaces in it', 'ein-Schlüssel-mit-Umlaut', `x${'x'.repeat(2_000)}`]) {
      const accept = () => access.acceptToken({ token: new Secret(token), role: 'admin' });
      expect(accept).toThrow(expect.objectContaining({ code: 'ACCESS_TOKEN_WEAK' }));
    }
  });

  it('are no session, and a session is no token', async () => {
    const session = await setUp();
    const { secret } = await access.createToken({ name: 'ci', role: 'operator', expiresInDays: null });
    expect(await access.findBySession(secret.reveal())).toBeNull();
    expect(await access.findByToken(session)).toBeNull();
  });
});

describe('permissions', () => {
  it('grow from viewer over operator to administrator', () => {
    const granted = (['viewer', 'operator', 'admin'] as const).map((role) =>
      (['read', 'operate', 'administer'] as const).filter((permission) =>
        access.may({ id: '1', name: 'x', role, via: 'session' }, permission),
      ),
    );
    expect(granted).toEqual([['read'], ['read', 'operate'], ['read', 'operate', 'administer']]);
  });
});

describe('news of changed rights', () => {
  it('comes with every change that could end or widen what is already open, until it is no longer wanted', async () => {
    await access.ensureAdministrator({ username: 'ann', password: PASSWORD });
    const vic = await access.addPerson({ username: 'vic', password: PASSWORD, role: 'viewer' });
    let told = 0;
    const stop = access.onRightsChanged(() => {
      told += 1;
    });
    const tellingOf = async (act: () => Promise<unknown>): Promise<boolean> => {
      const before = told;
      await act();
      return told > before;
    };
    const { secret } = await access.signIn({ username: 'vic', password: PASSWORD, address: '::1' });
    const other = await access.signIn({ username: 'vic', password: PASSWORD, address: '::1' });
    const { token } = await access.createToken({ name: 'ci', role: 'viewer', expiresInDays: null });
    expect(await tellingOf(() => access.findBySession(secret.reveal()))).toBe(false);
    expect(await tellingOf(() => access.signOut(other.secret.reveal()))).toBe(true);
    expect(await tellingOf(() => access.endOtherSessions({ personId: vic.id, sessionSecret: secret.reveal() }))).toBe(true);
    expect(await tellingOf(() => access.updatePerson(vic.id, { role: 'operator' }))).toBe(true);
    expect(await tellingOf(() => access.removeToken(token.id))).toBe(true);
    expect(await tellingOf(() => access.removePerson(vic.id))).toBe(true);
    stop();
    await access.addPerson({ username: 'vic', password: PASSWORD, role: 'viewer' });
    expect(await tellingOf(() => access.removePerson(vic.id).catch(() => undefined))).toBe(false);
  });
});
