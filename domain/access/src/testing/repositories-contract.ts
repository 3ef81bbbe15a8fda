import type { Role } from '@breakwater/contract';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AccessRepositories, PersonRecord } from '../ports/repositories.ts';

/** What every implementation of the access repositories must do. `open` gives empty ones. */
export function describeAccessRepositories(name: string, open: () => Promise<AccessRepositories>): void {
  describe(`${name} as access repositories`, () => {
    let repositories: AccessRepositories;

    beforeEach(async () => {
      repositories = await open();
    });

    const insert = (username: string, role: Role) =>
      repositories.people.insert(createRecord(username, role), { usernameKey: username.toLowerCase() });

    describe('people', () => {
      it('finds a person by id and by name key, with the password hash', async () => {
        expect(await insert('Ann', 'admin')).toBe('inserted');
        const record = createRecord('Ann', 'admin');
        expect(await repositories.people.find('id-Ann')).toEqual(record);
        expect(await repositories.people.findByName('ann')).toEqual(record);
        expect(await repositories.people.list()).toEqual([record.person]);
        expect(await repositories.people.find('nobody')).toBeNull();
        expect(await repositories.people.findByName('nobody')).toBeNull();
      });

      it('refuses a second person with the same name key', async () => {
        await insert('Ann', 'admin');
        const twin = createRecord('Twin', 'viewer');
        expect(await repositories.people.insert(twin, { usernameKey: 'ann' })).toBe('name-taken');
        expect(await repositories.people.list()).toHaveLength(1);
      });

      it('lets only one of two simultaneous first administrators in', async () => {
        const outcomes = await Promise.all(
          ['Ann', 'Bob'].map((username) =>
            repositories.people.insertFirstAdministrator(createRecord(username, 'admin'), { usernameKey: username.toLowerCase() }),
          ),
        );
        expect(outcomes.toSorted()).toEqual(['administrator-exists', 'inserted']);
        expect(await repositories.people.countAdministrators()).toBe(1);
      });

      it('keeps the last administrator, also when two are demoted at once', async () => {
        await insert('Ann', 'admin');
        await insert('Bob', 'admin');
        const outcomes = await Promise.all([
          repositories.people.setRole('id-Ann', 'viewer'),
          repositories.people.setRole('id-Bob', 'operator'),
        ]);
        expect(outcomes.toSorted()).toEqual(['changed', 'last-administrator']);
        const left = (await repositories.people.list()).find((person) => person.role === 'admin');
        expect(await repositories.people.remove(left?.id ?? '')).toBe('last-administrator');
        expect(await repositories.people.countAdministrators()).toBe(1);
      });

      it('lets an administrator be confirmed as administrator', async () => {
        await insert('Ann', 'admin');
        expect(await repositories.people.setRole('id-Ann', 'admin')).toBe('changed');
      });

      it('tells an unknown person from a refused change', async () => {
        expect(await repositories.people.setRole('nobody', 'viewer')).toBe('unknown');
        expect(await repositories.people.remove('nobody')).toBe('unknown');
      });

      it('replaces a password hash', async () => {
        await insert('Ann', 'admin');
        await repositories.people.setPasswordHash('id-Ann', 'new hash');
        expect((await repositories.people.find('id-Ann'))?.passwordHash).toBe('new hash');
      });

      it('takes sessions and links along when a person is removed', async () => {
        await insert('Ann', 'admin');
        await insert('Bob', 'viewer');
        await repositories.sessions.insert(createSession('s1', 'id-Bob'));
        await repositories.links.insert({ digest: 'l1', personId: 'id-Bob', expiresAtWallMs: 5_000 });
        expect(await repositories.people.remove('id-Bob')).toBe('changed');
        expect(await repositories.sessions.find('s1')).toBeNull();
        expect(await repositories.links.take('l1')).toBeNull();
      });
    });

    describe('sessions', () => {
      beforeEach(async () => {
        await insert('Ann', 'admin');
        await insert('Bob', 'viewer');
      });

      it('finds a session together with its person as that person is now', async () => {
        await repositories.sessions.insert(createSession('s1', 'id-Bob'));
        await repositories.people.setRole('id-Bob', 'operator');
        const found = await repositories.sessions.find('s1');
        expect(found?.session).toEqual(createSession('s1', 'id-Bob'));
        expect(found?.person).toEqual({ ...createRecord('Bob', 'operator').person });
      });

      it('stores the last use', async () => {
        await repositories.sessions.insert(createSession('s1', 'id-Bob'));
        await repositories.sessions.touch('s1', 1_500);
        expect((await repositories.sessions.find('s1'))?.session.lastSeenWallMs).toBe(1_500);
      });

      it('removes one session, or all of a person, and no other', async () => {
        await repositories.sessions.insert(createSession('s1', 'id-Bob'));
        await repositories.sessions.insert(createSession('s2', 'id-Bob'));
        await repositories.sessions.insert(createSession('s3', 'id-Bob'));
        await repositories.sessions.insert(createSession('s4', 'id-Ann'));
        await repositories.sessions.remove('s1');
        expect(await repositories.sessions.find('s1')).toBeNull();
        expect(await repositories.sessions.find('s2')).not.toBeNull();
        await repositories.sessions.removeOfPerson('id-Bob');
        expect(await repositories.sessions.find('s2')).toBeNull();
        expect(await repositories.sessions.find('s3')).toBeNull();
        expect(await repositories.sessions.find('s4')).not.toBeNull();
      });

      it('lists the sessions of one person, last used first', async () => {
        await repositories.sessions.insert(createSession('s1', 'id-Bob'));
        await repositories.sessions.insert({ ...createSession('s2', 'id-Bob'), lastSeenWallMs: 1_001 });
        await repositories.sessions.insert(createSession('s3', 'id-Ann'));
        await repositories.sessions.insert({ ...createSession('s4', 'id-Bob'), createdAtWallMs: 999 });
        expect((await repositories.sessions.listOfPerson('id-Bob')).map((session) => session.digest)).toEqual(['s2', 's1', 's4']);
        expect(await repositories.sessions.listOfPerson('id-Ann')).toEqual([createSession('s3', 'id-Ann')]);
        expect(await repositories.sessions.listOfPerson('nobody')).toEqual([]);
      });

      it('removes all sessions of a person but one, and nobody else’s', async () => {
        for (const digest of ['s1', 's2', 's3']) await repositories.sessions.insert(createSession(digest, 'id-Bob'));
        await repositories.sessions.insert(createSession('s4', 'id-Ann'));
        await repositories.sessions.removeOthersOfPerson('id-Bob', { keptDigest: 's2' });
        expect((await repositories.sessions.listOfPerson('id-Bob')).map((session) => session.digest)).toEqual(['s2']);
        expect(await repositories.sessions.find('s4')).not.toBeNull();
      });

      it('removes what is over or long unused, and nothing else', async () => {
        await repositories.sessions.insert({ ...createSession('over', 'id-Bob'), expiresAtWallMs: 3_000 });
        await repositories.sessions.insert({ ...createSession('unused', 'id-Bob'), lastSeenWallMs: 999 });
        await repositories.sessions.insert({ ...createSession('good', 'id-Bob'), lastSeenWallMs: 1_000, expiresAtWallMs: 3_001 });
        await repositories.sessions.removeExpired({ wallMs: 3_000, lastSeenBeforeWallMs: 1_000 });
        expect(await repositories.sessions.find('over')).toBeNull();
        expect(await repositories.sessions.find('unused')).toBeNull();
        expect(await repositories.sessions.find('good')).not.toBeNull();
      });
    });

    describe('tokens', () => {
      const token = {
        id: 't1',
        name: 'backup job',
        role: 'viewer',
        prefix: 'bwt_abcdef',
        createdAtWallMs: 1_000,
        lastUsedAtWallMs: null,
        expiresAtWallMs: 9_000,
      } as const;

      it('finds a token by its digest only', async () => {
        await repositories.tokens.insert(token, { digest: 'd1' });
        expect(await repositories.tokens.findByDigest('d1')).toEqual(token);
        expect(await repositories.tokens.findByDigest('t1')).toBeNull();
        expect(await repositories.tokens.list()).toEqual([token]);
      });

      it('stores the last use and forgets a removed token', async () => {
        await repositories.tokens.insert(token, { digest: 'd1' });
        await repositories.tokens.touch('t1', 4_000);
        expect((await repositories.tokens.findByDigest('d1'))?.lastUsedAtWallMs).toBe(4_000);
        expect(await repositories.tokens.remove('t1')).toBe('removed');
        expect(await repositories.tokens.remove('t1')).toBe('unknown');
        expect(await repositories.tokens.findByDigest('d1')).toBeNull();
      });
    });

    describe('links', () => {
      beforeEach(async () => {
        await insert('Ann', 'admin');
      });

      it('gives a link out once, also to two who ask at the same time', async () => {
        const link = { digest: 'l1', personId: 'id-Ann', expiresAtWallMs: 5_000 };
        await repositories.links.insert(link);
        const taken = await Promise.all([repositories.links.take('l1'), repositories.links.take('l1')]);
        expect(taken.filter((entry) => entry !== null)).toEqual([link]);
      });

      it('removes links that are over and those of a person', async () => {
        await repositories.links.insert({ digest: 'over', personId: 'id-Ann', expiresAtWallMs: 5_000 });
        await repositories.links.insert({ digest: 'good', personId: 'id-Ann', expiresAtWallMs: 5_001 });
        await repositories.links.removeExpired(5_000);
        expect(await repositories.links.take('over')).toBeNull();
        await repositories.links.removeOfPerson('id-Ann');
        expect(await repositories.links.take('good')).toBeNull();
      });
    });
  });
}

function createRecord(username: string, role: Role): PersonRecord {
  return {
    person: { id: `id-${username}`, username, role, created_at: '2026-01-01T00:00:00.000Z' },
    passwordHash: `hash of ${username}`,
  };
}

function createSession(digest: string, personId: string) {
  return { digest, personId, createdAtWallMs: 1_000, lastSeenWallMs: 1_000, expiresAtWallMs: 9_000, device: 'Firefox · Windows' };
}
