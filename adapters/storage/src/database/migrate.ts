import { OpsError } from '@breakwater/kernel';
import { type Kysely, sql } from 'kysely';
import type { Migration } from './migrations.ts';

export interface MigrationOutcome {
  readonly from: number;
  readonly to: number;
}

/**
 * Brings the schema up to date, all steps in one transaction: after a crash it is either the old or the new one.
 * `STORAGE_SCHEMA_NEWER` when a newer program has used this database; nothing is changed then.
 */
export function migrate(db: Kysely<unknown>, migrations: readonly Migration[]): Promise<MigrationOutcome> {
  // One connection from begin to commit: nothing else may slip in between.
  return db.connection().execute(async (connection) => {
    const current = await readVersion(connection);
    if (current === migrations.length) return { from: current, to: current };
    refuseNewerSchema(current, migrations.length);
    // Immediate: takes the write lock before the version is read again, so that two processes that start together do not both migrate.
    await sql`begin immediate`.execute(connection);
    try {
      const from = await readVersion(connection);
      refuseNewerSchema(from, migrations.length);
      for (const step of migrations.slice(from)) await step(connection);
      // PRAGMA takes no parameters; the value is a count of our own.
      await sql`pragma user_version = ${sql.lit(migrations.length)}`.execute(connection);
      await sql`commit`.execute(connection);
      return { from, to: migrations.length };
    } catch (error) {
      await sql`rollback`.execute(connection);
      throw error;
    }
  });
}

export function refuseNewerSchema(found: number, known: number): void {
  if (found <= known) return;
  throw new OpsError({
    code: 'STORAGE_SCHEMA_NEWER',
    message: `The database was written by a newer version of this program (schema ${found}, this one knows ${known}). Nothing was changed; use the newer version, or restore the backup made before the update.`,
    details: { found, known },
  });
}

async function readVersion(db: Kysely<unknown>): Promise<number> {
  const { rows } = await sql<{ user_version: number }>`pragma user_version`.execute(db);
  return rows[0]?.user_version ?? 0;
}
