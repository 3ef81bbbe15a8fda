import { isOpsError, ManualClock, Secret, silentLogger } from '@breakwater/kernel';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Access, OwnSessionRef } from './access.ts';
import { createAccess } from './create-access.ts';
import { createFakeSecretIssuer, FakeHasher, FakeSetupTokenStore } from './testing/fakes.ts';
import { createInMemoryAccessRepositories } from './testing/in-memory-repositories.ts';

const OLD = 'correct horse battery';
const NEW = 'a better horse battery';
const HOUR_MS = 3_600_000;

let clock: ManualClock;
let hasher: FakeHasher;
let access: Access;

beforeEach(async () => {
  clock = new ManualClock();
  hasher = new FakeHasher();
  access = createAccess({
    repositories: createInMemoryAccessRepositories(),
    hasher,
    secrets: createFakeSecretIssuer(),
    setupTokenStore: new FakeSetupTokenStore(),
    clock,
    logger: silentLogger,
    sessionLimits: { idleMs: HOUR_MS, maxAgeMs: 10 * HOUR_MS },
  });
  await access.ensureAdministrator({ username: 'ann', password: new Secret(OLD) });
});

const signIn = async (password: string, username = 'ann'): Promise<OwnSessionRef> => {
  const opened = await access.signIn({ username, password: new Secret(password), address: '10.0.0.1' });
  return { personId: opened.person.id, sessionSecret: opened.secret.reveal() };
};

const change = (own: OwnSessionRef, currentPassword: string, newPassword = NEW): Promise<void> =>
  access.changeOwnPassword(own, {
    currentPassword: new Secret(currentPassword),
    newPassword: new Secret(newPassword),
    address: '10.0.0.1',
  });

const isLive = async (own: OwnSessionRef): Promise<boolean> => (await access.findBySession(own.sessionSecret)) !== null;

async function codeOf(act: Promise<unknown>): Promise<string> {
  try {
    await act;
  } catch (error) {
    if (isOpsError(error)) return error.code;
    throw error;
  }
  return 'no error';
}

describe('the own password', () => {
  it('is changed with the current one; other sessions and unused links end, this session goes on', async () => {
    await access.addPerson({ username: 'bob', password: new Secret(OLD), role: 'viewer' });
    const [here, elsewhere, bob] = [await signIn(OLD), await signIn(OLD), await signIn(OLD, 'bob')];
    const link = (await access.createLink('ann')).reveal();
    for (const session of [here, elsewhere, bob]) expect(await isLive(session)).toBe(true);
    await change(here, OLD);
    expect([await isLive(here), await isLive(elsewhere), await isLive(bob)]).toEqual([true, false, true]);
    expect(await codeOf(access.signInByLink({ token: link, address: '10.0.0.1' }))).toBe('ACCESS_LINK_INVALID');
    expect(await codeOf(signIn(OLD))).toBe('ACCESS_SIGN_IN_FAILED');
    expect(await isLive(await signIn(NEW))).toBe(true);
  });

  it('stays when the current one is wrong', async () => {
    const here = await signIn(OLD);
    expect(await codeOf(change(here, 'wrong'))).toBe('ACCESS_PASSWORD_WRONG');
    expect(await isLive(await signIn(OLD))).toBe(true);
  });

  it('cannot be guessed faster from inside than at sign-in: the attempts are counted together', async () => {
    const here = await signIn(OLD);
    for (let attempt = 0; attempt < 3; attempt++) expect(await codeOf(change(here, 'wrong'))).toBe('ACCESS_PASSWORD_WRONG');
    for (let attempt = 0; attempt < 2; attempt++) expect(await codeOf(signIn('wrong'))).toBe('ACCESS_SIGN_IN_FAILED');
    await expect(change(here, OLD)).rejects.toMatchObject({ code: 'ACCESS_TOO_MANY_ATTEMPTS', details: { retryAfterMs: 1_000 } });
    await clock.advance(1_000);
    expect(await codeOf(change(here, OLD))).toBe('no error');
  });

  it('is not overwritten when an administrator sets another one meanwhile', async () => {
    const here = await signIn(OLD);
    const hash = hasher.hash.bind(hasher);
    hasher.hash = async (password) => {
      hasher.hash = hash;
      await access.updatePerson(here.personId, { password: new Secret('set by an administrator') });
      return hash(password);
    };
    expect(await codeOf(change(here, OLD))).toBe('ACCESS_PASSWORD_WRONG');
    expect(await isLive(await signIn('set by an administrator'))).toBe(true);
  });

  it('cannot be changed by somebody who was removed', async () => {
    const bob = await access.addPerson({ username: 'bob', password: new Secret(OLD), role: 'viewer' });
    const session = await signIn(OLD, 'bob');
    await access.removePerson(bob.id);
    expect(await codeOf(change(session, OLD))).toBe('ACCESS_PERSON_UNKNOWN');
  });
});

describe('own sessions', () => {
  it('are listed with the asking one marked, last used first, without what has ended', async () => {
    await access.addPerson({ username: 'bob', password: new Secret(OLD), role: 'viewer' });
    await signIn(OLD, 'bob');
    await signIn(OLD);
    await clock.advance(HOUR_MS + 1);
    const elsewhere = await signIn(OLD);
    await clock.advance(120_000);
    const here = await signIn(OLD);
    const listed = await access.ownSessions(here);
    expect(listed.map(({ current, created_at, last_used_at }) => ({ current, created_at, last_used_at }))).toEqual([
      { current: true, created_at: '2026-01-01T01:02:00.001Z', last_used_at: '2026-01-01T01:02:00.001Z' },
      { current: false, created_at: '2026-01-01T01:00:00.001Z', last_used_at: '2026-01-01T01:00:00.001Z' },
    ]);
    await clock.advance(60_000);
    await access.findBySession(elsewhere.sessionSecret);
    expect((await access.ownSessions(here)).map((session) => session.current)).toEqual([false, true]);
  });

  it('leave the list when they end by themselves, without anybody signing in', async () => {
    const [here] = [await signIn(OLD), await signIn(OLD)];
    expect(await access.ownSessions(here)).toHaveLength(2);
    await clock.advance(HOUR_MS);
    expect(await isLive(here)).toBe(true);
    await clock.advance(1);
    expect(await access.ownSessions(here)).toMatchObject([{ current: true }]);
  });

  it('never show what a request is let in by', async () => {
    const here = await signIn(OLD);
    const id = (await access.ownSessions(here))[0]?.id ?? '';
    const digest = createFakeSecretIssuer().digest(here.sessionSecret);
    expect([here.sessionSecret, digest]).not.toContain(id);
    expect(await access.findBySession(id)).toBeNull();
  });

  it('end one by one, at once', async () => {
    const [here, elsewhere] = [await signIn(OLD), await signIn(OLD)];
    expect(await isLive(elsewhere)).toBe(true);
    const id = (await access.ownSessions(elsewhere)).find((session) => session.current)?.id ?? '';
    await access.endOwnSession(here, { id });
    expect([await isLive(here), await isLive(elsewhere)]).toEqual([true, false]);
    expect(await codeOf(access.endOwnSession(here, { id }))).toBe('ACCESS_SESSION_UNKNOWN');
  });

  it('of somebody else cannot be ended', async () => {
    await access.addPerson({ username: 'bob', password: new Secret(OLD), role: 'viewer' });
    const [here, bob] = [await signIn(OLD), await signIn(OLD, 'bob')];
    const id = (await access.ownSessions(bob))[0]?.id ?? '';
    expect(await codeOf(access.endOwnSession(here, { id }))).toBe('ACCESS_SESSION_UNKNOWN');
    expect(await isLive(bob)).toBe(true);
  });

  it('end all but the asking one', async () => {
    await access.addPerson({ username: 'bob', password: new Secret(OLD), role: 'viewer' });
    const [here, elsewhere, bob] = [await signIn(OLD), await signIn(OLD), await signIn(OLD, 'bob')];
    for (const session of [here, elsewhere, bob]) expect(await isLive(session)).toBe(true);
    await access.endOtherSessions(here);
    expect([await isLive(here), await isLive(elsewhere), await isLive(bob)]).toEqual([true, false, true]);
  });
});

it('names the device of each session, as the door at which it was opened has put it', async () => {
  await access.signIn({ username: 'ann', password: new Secret(OLD), address: '10.0.0.1', device: 'Firefox · Windows' });
  const here = await signIn(OLD);
  expect(new Set((await access.ownSessions(here)).map(({ device }) => device))).toEqual(new Set(['Firefox · Windows', null]));
});
