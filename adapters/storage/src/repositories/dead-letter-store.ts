import type { DeadLetter, DeadLetterPayload, DeadLetterStore } from '@breakwater/resilience';
import type { Insertable, Kysely, Selectable } from 'kysely';
import type { DeadLetterRow, DeadLetterTables } from '../database/dead-letter-table.ts';

/** A page larger than this is cut. */
const MAX_PAGE = 1_000;

/** Dead letters on SQL; the same on SQLite and PostgreSQL. */
export function createDeadLetterStore(db: Kysely<DeadLetterTables>): DeadLetterStore {
  return {
    async put(letter) {
      const row = toRow(letter);
      // Its place is its first arrival, so `created_at_ms` is not replaced.
      const { id: _id, created_at_ms: _createdAtMs, ...changes } = row;
      await db
        .insertInto('dead_letters')
        .values(row)
        .onConflict((conflict) => conflict.column('id').doUpdateSet(changes))
        .execute();
    },

    async get(id) {
      const row = await db.selectFrom('dead_letters').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? null : toLetter(row);
    },

    async list({ key, limit }) {
      let query = db.selectFrom('dead_letters').selectAll();
      if (key !== undefined) query = query.where('target', '=', key);
      const rows = await query.orderBy('created_at_ms').orderBy('id').limit(Math.min(limit, MAX_PAGE)).execute();
      return rows.map(toLetter);
    },

    async remove(id) {
      const { numDeletedRows } = await db.deleteFrom('dead_letters').where('id', '=', id).executeTakeFirst();
      return numDeletedRows > 0n;
    },

    async count() {
      const { letters } = await db
        .selectFrom('dead_letters')
        .select((build) => build.fn.countAll<number>().as('letters'))
        .executeTakeFirstOrThrow();
      return letters;
    },
  };
}

function toRow(letter: DeadLetter): Insertable<DeadLetterRow> {
  return {
    id: letter.id,
    target: letter.key,
    op: letter.op,
    payload: JSON.stringify(letter.payload),
    reason_code: letter.reason.code,
    reason: letter.reason.message,
    attempts: letter.attempts,
    created_at_ms: letter.createdAtWallMs,
    failed_at_ms: letter.failedAtWallMs,
  };
}

function toLetter(row: Selectable<DeadLetterRow>): DeadLetter {
  return {
    id: row.id,
    key: row.target,
    op: row.op,
    // Written by `toRow` and by nobody else.
    payload: JSON.parse(row.payload) as DeadLetterPayload,
    reason: { code: row.reason_code, message: row.reason },
    attempts: row.attempts,
    createdAtWallMs: row.created_at_ms,
    failedAtWallMs: row.failed_at_ms,
  };
}
