import type { TokenRecord, TokenRepository } from '@breakwater/access';
import { roleSchema } from '@breakwater/contract';
import type { Kysely, Selectable } from 'kysely';
import type { Tables, TokenRow } from '../database/tables.ts';

export function createTokenRepository(db: Kysely<Tables>): TokenRepository {
  return {
    async list() {
      const rows = await db.selectFrom('tokens').selectAll().orderBy('created_at_ms').orderBy('id').execute();
      return rows.map(toRecord);
    },

    async insert(token, { digest }) {
      await db
        .insertInto('tokens')
        .values({
          id: token.id,
          digest,
          name: token.name,
          role: token.role,
          prefix: token.prefix,
          created_at_ms: token.createdAtWallMs,
          last_used_at_ms: token.lastUsedAtWallMs,
          expires_at_ms: token.expiresAtWallMs,
        })
        .execute();
    },

    async findByDigest(digest) {
      const row = await db.selectFrom('tokens').selectAll().where('digest', '=', digest).executeTakeFirst();
      return row === undefined ? null : toRecord(row);
    },

    async touch(id, lastUsedAtWallMs) {
      await db.updateTable('tokens').set({ last_used_at_ms: lastUsedAtWallMs }).where('id', '=', id).execute();
    },

    async remove(id) {
      const { numDeletedRows } = await db.deleteFrom('tokens').where('id', '=', id).executeTakeFirstOrThrow();
      return numDeletedRows > 0n ? 'removed' : 'unknown';
    },
  };
}

function toRecord(row: Selectable<TokenRow>): TokenRecord {
  return {
    id: row.id,
    name: row.name,
    role: roleSchema.parse(row.role),
    prefix: row.prefix,
    createdAtWallMs: row.created_at_ms,
    lastUsedAtWallMs: row.last_used_at_ms,
    expiresAtWallMs: row.expires_at_ms,
  };
}
