import type { Kysely } from 'kysely';

export interface DeadLetterRow {
  readonly id: string;
  /** Whom the operation was meant for; `key` is a word of SQL. */
  readonly target: string;
  readonly op: string;
  /** JSON of plain facts. Never secrets: the type of a letter's payload has no room for one. */
  readonly payload: string;
  readonly reason_code: string;
  readonly reason: string;
  readonly attempts: number;
  readonly created_at_ms: number;
  readonly failed_at_ms: number;
}

export interface DeadLetterTables {
  readonly dead_letters: DeadLetterRow;
}

/** In words that SQLite and PostgreSQL share. */
export async function createDeadLetterTable(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('dead_letters')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('target', 'text', (column) => column.notNull())
    .addColumn('op', 'text', (column) => column.notNull())
    .addColumn('payload', 'text', (column) => column.notNull())
    .addColumn('reason_code', 'text', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('failed_at_ms', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('dead_letters_by_age').on('dead_letters').columns(['created_at_ms', 'id']).execute();
}
