import { type Kysely, sql } from 'kysely';
import { createDeadLetterTable } from './dead-letter-table.ts';
import { type MigrationOutcome, refuseNewerSchema } from './migrate.ts';
import type { Migration } from './migrations.ts';

/** Steps are never edited once released, only added. PostgreSQL holds what several portals share, so it has a list of its own. */
const POSTGRES_MIGRATIONS: readonly Migration[] = [createDeadLetterTable];

/** Any number of our own: two programs that start together must not both migrate. */
const ADVISORY_LOCK = 7_232_641;

/** As `migrate` does for SQLite: all steps in one transaction, and a schema from a newer program is left as it is. */
export function migratePostgres(db: Kysely<unknown>, migrations: readonly Migration[] = POSTGRES_MIGRATIONS): Promise<MigrationOutcome> {
  return db.transaction().execute(async (transaction) => {
    await sql`select pg_advisory_xact_lock(${sql.lit(ADVISORY_LOCK)})`.execute(transaction);
    await sql`create table if not exists breakwater_schema (version integer not null)`.execute(transaction);
    const { rows } = await sql<{ version: number }>`select version from breakwater_schema`.execute(transaction);
    const from = rows[0]?.version ?? 0;
    refuseNewerSchema(from, migrations.length);
    if (from === migrations.length) return { from, to: from };
    for (const step of migrations.slice(from)) await step(transaction);
    if (rows.length === 0) await sql`insert into breakwater_schema values (${migrations.length})`.execute(transaction);
    else await sql`update breakwater_schema set version = ${migrations.length}`.execute(transaction);
    return { from, to: migrations.length };
  });
}
