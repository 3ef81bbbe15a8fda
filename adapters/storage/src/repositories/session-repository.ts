import type { LinkRepository, SessionRepository } from '@breakwater/access';
import type { Kysely } from 'kysely';
import type { Tables } from '../database/tables.ts';
import { toPerson } from './person-repository.ts';

export function createSessionRepository(db: Kysely<Tables>): SessionRepository {
  return {
    async insert(session) {
      await db
        .insertInto('sessions')
        .values({
          digest: session.digest,
          person_id: session.personId,
          created_at_ms: session.createdAtWallMs,
          last_seen_ms: session.lastSeenWallMs,
          expires_at_ms: session.expiresAtWallMs,
          device: session.device,
        })
        .execute();
    },

    async find(digest) {
      const row = await db
        .selectFrom('sessions')
        .innerJoin('people', 'people.id', 'sessions.person_id')
        .select(['sessions.created_at_ms', 'sessions.last_seen_ms', 'sessions.expires_at_ms', 'sessions.device'])
        .select(['people.id', 'people.username', 'people.role', 'people.created_at'])
        .where('sessions.digest', '=', digest)
        .executeTakeFirst();
      if (row === undefined) return null;
      return {
        session: {
          digest,
          personId: row.id,
          createdAtWallMs: row.created_at_ms,
          lastSeenWallMs: row.last_seen_ms,
          expiresAtWallMs: row.expires_at_ms,
          device: row.device,
        },
        person: toPerson(row),
      };
    },

    async touch(digest, lastSeenWallMs) {
      await db.updateTable('sessions').set({ last_seen_ms: lastSeenWallMs }).where('digest', '=', digest).execute();
    },

    async remove(digest) {
      await db.deleteFrom('sessions').where('digest', '=', digest).execute();
    },

    async removeOfPerson(personId) {
      await db.deleteFrom('sessions').where('person_id', '=', personId).execute();
    },

    async removeOthersOfPerson(personId, { keptDigest }) {
      await db.deleteFrom('sessions').where('person_id', '=', personId).where('digest', '!=', keptDigest).execute();
    },

    async listOfPerson(personId) {
      const rows = await db
        .selectFrom('sessions')
        .selectAll()
        .where('person_id', '=', personId)
        .orderBy('last_seen_ms', 'desc')
        .orderBy('created_at_ms', 'desc')
        .execute();
      return rows.map((row) => ({
        digest: row.digest,
        personId: row.person_id,
        createdAtWallMs: row.created_at_ms,
        lastSeenWallMs: row.last_seen_ms,
        expiresAtWallMs: row.expires_at_ms,
        device: row.device,
      }));
    },

    async removeExpired({ wallMs, lastSeenBeforeWallMs }) {
      await db
        .deleteFrom('sessions')
        .where((where) => where.or([where('expires_at_ms', '<=', wallMs), where('last_seen_ms', '<', lastSeenBeforeWallMs)]))
        .execute();
    },
  };
}

export function createLinkRepository(db: Kysely<Tables>): LinkRepository {
  return {
    async insert(link) {
      await db.insertInto('links').values({ digest: link.digest, person_id: link.personId, expires_at_ms: link.expiresAtWallMs }).execute();
    },

    async take(digest) {
      const row = await db.deleteFrom('links').where('digest', '=', digest).returningAll().executeTakeFirst();
      return row === undefined ? null : { digest: row.digest, personId: row.person_id, expiresAtWallMs: row.expires_at_ms };
    },

    async removeOfPerson(personId) {
      await db.deleteFrom('links').where('person_id', '=', personId).execute();
    },

    async removeExpired(wallMs) {
      await db.deleteFrom('links').where('expires_at_ms', '<=', wallMs).execute();
    },
  };
}
