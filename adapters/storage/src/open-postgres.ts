import type { Logger } from '@breakwater/kernel';
import type { DeadLetterStore } from '@breakwater/resilience';
import { Kysely, PostgresDialect } from 'kysely';
import type { DeadLetterTables } from './database/dead-letter-table.ts';
import { migratePostgres } from './database/migrate-postgres.ts';
import type { PostgresAddress } from './database/postgres-pool.ts';
import { createDeadLetterStore } from './repositories/dead-letter-store.ts';

export interface OpenPostgresOptions extends PostgresAddress {
  readonly logger: Logger;
}

/** What is kept on PostgreSQL so far. */
export interface PostgresStorage {
  readonly deadLetters: DeadLetterStore;
  close(): Promise<void>;
}

/** Connects and brings the schema up to date. `STORAGE_UNREADABLE`, `STORAGE_SCHEMA_NEWER`, `STORAGE_BUSY`. */
export async function openPostgres(options: OpenPostgresOptions): Promise<PostgresStorage> {
  const { logger } = options;
  // Most portals have no PostgreSQL, and need not wait for its client when they start.
  const { createPostgresPool } = await import('./database/postgres-pool.ts');
  const db = new Kysely<DeadLetterTables>({ dialect: new PostgresDialect({ pool: createPostgresPool(options, { logger }) }) });
  try {
    const { from, to } = await migratePostgres(db as unknown as Kysely<unknown>);
    if (from !== to) logger.info('The database schema was brought up to date.', { from, to });
    return { deadLetters: createDeadLetterStore(db), close: () => db.destroy() };
  } catch (error) {
    await db.destroy();
    throw error;
  }
}
