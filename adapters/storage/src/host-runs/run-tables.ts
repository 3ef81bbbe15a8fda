import type { Kysely } from 'kysely';
import type { Migration } from '../database/migrations.ts';

/** What can be listed without opening the folder of each run; the folders hold the whole truth. */
interface RunRow {
  readonly run_id: string;
  readonly host_id: string;
  readonly kind: string;
  readonly started_at_ms: number;
  readonly ended_at_ms: number | null;
  readonly started_by: string;
  readonly end_kind: string | null;
  readonly plan_hash: string;
}

interface StepRow {
  readonly run_id: string;
  readonly position: number;
  readonly step_id: string;
  readonly result: string;
  readonly took_ms: number;
  readonly attempts: number;
  readonly is_rescued: number;
  readonly waited_ms: number;
}

/** One row per host that is being worked on. */
interface LockRow {
  readonly host_id: string;
  readonly run_id: string;
  readonly pid: number;
  /** Of the process, in ticks since the boot: a number that is used again belongs to another start. */
  readonly pid_started: string;
  readonly boot_id: string;
  readonly since_ms: number;
  readonly command: string;
}

export interface RunTables {
  readonly runs: RunRow;
  readonly steps: StepRow;
  readonly locks: LockRow;
}

export const RUN_MIGRATIONS: readonly Migration[] = [createRunTables];

async function createRunTables(db: Kysely<unknown>): Promise<void> {
  const { schema } = db;
  await schema
    .createTable('runs')
    .addColumn('run_id', 'text', (column) => column.primaryKey())
    .addColumn('host_id', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('started_at_ms', 'integer', (column) => column.notNull())
    .addColumn('ended_at_ms', 'integer')
    .addColumn('started_by', 'text', (column) => column.notNull())
    .addColumn('end_kind', 'text')
    .addColumn('plan_hash', 'text', (column) => column.notNull())
    .execute();
  await schema.createIndex('runs_by_host').on('runs').columns(['host_id', 'started_at_ms']).execute();
  await schema
    .createTable('steps')
    .addColumn('run_id', 'text', (column) => column.notNull().references('runs.run_id').onDelete('cascade'))
    .addColumn('position', 'integer', (column) => column.notNull())
    .addColumn('step_id', 'text', (column) => column.notNull())
    .addColumn('result', 'text', (column) => column.notNull())
    .addColumn('took_ms', 'integer', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('is_rescued', 'integer', (column) => column.notNull())
    .addColumn('waited_ms', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('steps_key', ['run_id', 'position'])
    .execute();
  await schema
    .createTable('locks')
    .addColumn('host_id', 'text', (column) => column.primaryKey())
    .addColumn('run_id', 'text', (column) => column.notNull())
    .addColumn('pid', 'integer', (column) => column.notNull())
    .addColumn('pid_started', 'text', (column) => column.notNull())
    .addColumn('boot_id', 'text', (column) => column.notNull())
    .addColumn('since_ms', 'integer', (column) => column.notNull())
    .addColumn('command', 'text', (column) => column.notNull())
    .execute();
}
