import { DatabaseSync } from 'node:sqlite';
import type { Clock } from '@breakwater/kernel';
import { Kysely, SqliteDialect } from 'kysely';
import { ensurePrivateFile } from '../files/private-files.ts';
import { migrate } from './migrate.ts';
import { MIGRATIONS, type Migration } from './migrations.ts';
import { createKyselyDatabase } from './node-sqlite.ts';
import { backUpSchema } from './schema-backup.ts';
import { toStorageError } from './storage-error.ts';
import type { Tables } from './tables.ts';

/** A command on the same data folder holds the lock for milliseconds; waiting happens on our only thread, so not for long. */
const BUSY_TIMEOUT_MS = 3_000;

export interface OpenedDatabase {
  readonly db: Kysely<Tables>;
  /** The connection below, for what no query builder says (limits, checkpoints). */
  readonly connection: DatabaseSync;
  readonly schemaFrom: number;
  readonly schemaTo: number;
  /** Where the copy from before a change of the schema lies; null when nothing was changed. */
  readonly backupPath: string | null;
}

export interface OpenDatabaseOptions {
  readonly clock: Clock;
  /** Default: those of this program. */
  readonly migrations?: readonly Migration[] | undefined;
}

/** Opens or makes the database file and brings its schema up to date, after a copy of an existing one. A file that is no database is left as it is. */
export async function openDatabase(path: string, options: OpenDatabaseOptions): Promise<OpenedDatabase> {
  // Before SQLite does: the files it puts beside take over the mode of this one.
  await ensurePrivateFile(path);
  const { clock, migrations = MIGRATIONS } = options;
  const connection = connect(path);
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: createKyselyDatabase(connection, { path }) }) });
  try {
    const version = readSchemaVersion(connection);
    const isBehind = version > 0 && version < migrations.length;
    const backupPath = isBehind ? await backUpSchema(connection, { path, version, wallMs: clock.wall() }) : null;
    const { from, to } = await migrate(db as unknown as Kysely<unknown>, migrations);
    return { db, connection, schemaFrom: from, schemaTo: to, backupPath };
  } catch (error) {
    connection.close();
    throw error;
  }
}

function connect(path: string): DatabaseSync {
  let connection: DatabaseSync | undefined;
  try {
    connection = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true });
    // Full: what was confirmed survives a power cut, not only a killed process. Our writes are few.
    connection.exec('pragma journal_mode = wal; pragma synchronous = full; pragma trusted_schema = off');
    return connection;
  } catch (error) {
    connection?.close();
    throw toStorageError(error, { path });
  }
}

function readSchemaVersion(connection: DatabaseSync): number {
  return Number(connection.prepare('pragma user_version').get()?.['user_version'] ?? 0);
}
