import { type Kysely, sql } from 'kysely';
import { createDeadLetterTable } from './dead-letter-table.ts';

/** One step forward. Steps are never edited once released, only added: databases out there have run them. */
export type Migration = (db: Kysely<unknown>) => Promise<void>;

export const MIGRATIONS: readonly Migration[] = [
  createFirstTables,
  nameDevicesOfSessions,
  createDeadLetterTable,
  addProtection,
  addHostSetups,
];

async function createFirstTables(db: Kysely<unknown>): Promise<void> {
  const { schema } = db;
  await schema
    .createTable('servers')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('host', 'text', (column) => column.notNull())
    .addColumn('port', 'integer', (column) => column.notNull())
    .addColumn('user_name', 'text', (column) => column.notNull())
    .addColumn('verify_ssl', 'integer', (column) => column.notNull())
    .addColumn('pinned_sha256', 'text')
    .addColumn('enabled', 'integer', (column) => column.notNull())
    .addColumn('paused', 'integer', (column) => column.notNull())
    .addColumn('created_at_ms', 'integer', (column) => column.notNull())
    .addColumn('password_key_id', 'text')
    .addColumn('password_sealed', 'blob')
    .execute();
  await schema
    .createTable('inventories')
    .addColumn('server_id', 'text', (column) => column.primaryKey())
    .addColumn('data_at_ms', 'integer', (column) => column.notNull())
    .addColumn('machine_count', 'integer', (column) => column.notNull())
    .addColumn('machines', 'blob', (column) => column.notNull())
    .execute();
  await schema
    .createTable('operations')
    .addColumn('sequence', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('server_id', 'text')
    .addColumn('moid', 'text')
    .addColumn('machine_name', 'text')
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('progress_percent', 'real')
    .addColumn('error_code', 'text')
    .addColumn('error', 'text')
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('updated_at', 'text', (column) => column.notNull())
    .execute();
  await schema.createIndex('operations_by_machine').on('operations').columns(['server_id', 'moid', 'sequence']).execute();
  // Almost all operations are over; the few that are not are looked up at every start.
  await sql`create index operations_unfinished on operations (sequence) where state in ('queued', 'running')`.execute(db);
  await schema
    .createTable('people')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('username', 'text', (column) => column.notNull())
    .addColumn('username_key', 'text', (column) => column.notNull().unique())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('created_at', 'text', (column) => column.notNull())
    .addColumn('password_hash', 'text', (column) => column.notNull())
    .execute();
  await schema
    .createTable('sessions')
    .addColumn('digest', 'text', (column) => column.primaryKey())
    .addColumn('person_id', 'text', (column) => column.notNull().references('people.id').onDelete('cascade'))
    .addColumn('created_at_ms', 'integer', (column) => column.notNull())
    .addColumn('last_seen_ms', 'integer', (column) => column.notNull())
    .addColumn('expires_at_ms', 'integer', (column) => column.notNull())
    .execute();
  await schema.createIndex('sessions_by_person').on('sessions').column('person_id').execute();
  await schema
    .createTable('tokens')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('digest', 'text', (column) => column.notNull().unique())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('prefix', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'integer', (column) => column.notNull())
    .addColumn('last_used_at_ms', 'integer')
    .addColumn('expires_at_ms', 'integer')
    .execute();
  await schema
    .createTable('links')
    .addColumn('digest', 'text', (column) => column.primaryKey())
    .addColumn('person_id', 'text', (column) => column.notNull().references('people.id').onDelete('cascade'))
    .addColumn('expires_at_ms', 'integer', (column) => column.notNull())
    .execute();
}

async function nameDevicesOfSessions(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('sessions').addColumn('device', 'text').execute();
}

async function addProtection(db: Kysely<unknown>): Promise<void> {
  const { schema } = db;
  await schema.alterTable('operations').addColumn('details', 'text').execute();
  await schema
    .createTable('controls')
    .addColumn('server_id', 'text', (column) => column.primaryKey())
    .addColumn('controls', 'text', (column) => column.notNull())
    .execute();
  await schema
    .createTable('histories')
    .addColumn('server_id', 'text', (column) => column.primaryKey())
    .addColumn('history', 'blob', (column) => column.notNull())
    .execute();
}

async function addHostSetups(db: Kysely<unknown>): Promise<void> {
  const { schema } = db;
  await schema
    .createTable('host_logins')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull().unique())
    .addColumn('user_name', 'text', (column) => column.notNull())
    .addColumn('key_type', 'text', (column) => column.notNull())
    .addColumn('fingerprint', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'integer', (column) => column.notNull())
    .addColumn('updated_at_ms', 'integer', (column) => column.notNull())
    .addColumn('key_id', 'text', (column) => column.notNull())
    .addColumn('key_sealed', 'blob', (column) => column.notNull())
    .execute();
  await schema
    .createTable('host_keys')
    .addColumn('server_id', 'text', (column) => column.notNull())
    .addColumn('moid', 'text', (column) => column.notNull())
    .addColumn('port', 'integer', (column) => column.notNull())
    .addColumn('key_type', 'text', (column) => column.notNull())
    .addColumn('public_key', 'text', (column) => column.notNull())
    .addColumn('fingerprint', 'text', (column) => column.notNull())
    .addColumn('trusted_at_ms', 'integer', (column) => column.notNull())
    .addColumn('trusted_by', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('host_keys_of_machine', ['server_id', 'moid', 'port'])
    .execute();
  await schema
    .createTable('host_setups')
    .addColumn('sequence', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('server_id', 'text', (column) => column.notNull())
    .addColumn('moid', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('head', 'text', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .execute();
  await schema.createIndex('host_setups_by_machine').on('host_setups').columns(['server_id', 'moid', 'sequence']).execute();
}
