import type { GuardedChange, PersonRecord, PersonRepository } from '@breakwater/access';
import { type Person, roleSchema } from '@breakwater/contract';
import { type ExpressionBuilder, type Kysely, type Selectable, sql } from 'kysely';
import type { PersonRow, Tables } from '../database/tables.ts';

export function createPersonRepository(db: Kysely<Tables>): PersonRepository {
  /** Changed rows tell success; only when there are none is the reason looked up. */
  const explain = async (id: string, changed: bigint): Promise<GuardedChange> => {
    if (changed > 0n) return 'changed';
    const found = await db.selectFrom('people').select('id').where('id', '=', id).executeTakeFirst();
    return found === undefined ? 'unknown' : 'last-administrator';
  };

  const insertRow = async (record: PersonRecord, usernameKey: string): Promise<'inserted' | 'name-taken'> => {
    const result = await db
      .insertInto('people')
      .values(toRow(record, usernameKey))
      .onConflict((conflict) => conflict.column('username_key').doNothing())
      .executeTakeFirst();
    return (result.numInsertedOrUpdatedRows ?? 0n) > 0n ? 'inserted' : 'name-taken';
  };

  return {
    async list() {
      const rows = await db.selectFrom('people').selectAll().orderBy('created_at').orderBy('id').execute();
      return rows.map(toPerson);
    },

    async find(id) {
      const row = await db.selectFrom('people').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? null : { person: toPerson(row), passwordHash: row.password_hash };
    },

    async findByName(usernameKey) {
      const row = await db.selectFrom('people').selectAll().where('username_key', '=', usernameKey).executeTakeFirst();
      return row === undefined ? null : { person: toPerson(row), passwordHash: row.password_hash };
    },

    async countAdministrators() {
      const { count } = await db
        .selectFrom('people')
        .select((select) => select.fn.countAll<number>().as('count'))
        .where('role', '=', 'admin')
        .executeTakeFirstOrThrow();
      return count;
    },

    insert: (record, { usernameKey }) => insertRow(record, usernameKey),

    async insertFirstAdministrator(record, { usernameKey }) {
      // One statement, so that the check and the insert cannot be separated, not even by another process.
      const row = toRow(record, usernameKey);
      const result = await sql`
        insert into people (id, username, username_key, role, created_at, password_hash)
        select ${row.id}, ${row.username}, ${row.username_key}, ${row.role}, ${row.created_at}, ${row.password_hash}
        where not exists (select 1 from people where role = 'admin')
        on conflict (username_key) do nothing`.execute(db);
      if ((result.numAffectedRows ?? 0n) > 0n) return 'inserted';
      const isTaken = await db.selectFrom('people').select('role').where('username_key', '=', usernameKey).executeTakeFirst();
      return isTaken !== undefined && isTaken.role !== 'admin' ? 'name-taken' : 'administrator-exists';
    },

    async setPasswordHash(id, passwordHash) {
      await db.updateTable('people').set({ password_hash: passwordHash }).where('id', '=', id).execute();
    },

    async setRole(id, role) {
      const update = db.updateTable('people').set({ role }).where('id', '=', id);
      const guarded = role === 'admin' ? update : update.where((where) => leavesAnAdministrator(where, id));
      const { numUpdatedRows } = await guarded.executeTakeFirstOrThrow();
      return explain(id, numUpdatedRows);
    },

    async remove(id) {
      const { numDeletedRows } = await db
        .deleteFrom('people')
        .where('id', '=', id)
        .where((where) => leavesAnAdministrator(where, id))
        .executeTakeFirstOrThrow();
      return explain(id, numDeletedRows);
    },
  };
}

/** Part of the statement that changes the row, so that two changes at once cannot both pass. */
function leavesAnAdministrator(where: ExpressionBuilder<Tables, 'people'>, id: string) {
  const others = where.selectFrom('people as other').select('other.id').where('other.role', '=', 'admin').where('other.id', '!=', id);
  return where.or([where('role', '!=', 'admin'), where.exists(others)]);
}

function toRow({ person, passwordHash }: PersonRecord, usernameKey: string): PersonRow {
  return {
    id: person.id,
    username: person.username,
    username_key: usernameKey,
    role: person.role,
    created_at: person.created_at,
    password_hash: passwordHash,
  };
}

export function toPerson(row: Pick<Selectable<PersonRow>, 'id' | 'username' | 'role' | 'created_at'>): Person {
  return { id: row.id, username: row.username, role: roleSchema.parse(row.role), created_at: row.created_at };
}
