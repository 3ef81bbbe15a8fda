import { chmod, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { NewRun, OpenRun, RunEnd, RunKind, RunReport, RunStore, RunSummary } from '@breakwater/host-config';
import { type Clock, createId, formatInstant, OpsError } from '@breakwater/kernel';
import type { Kysely, Selectable } from 'kysely';
import { openDatabase } from '../database/open-database.ts';
import { toStorageError } from '../database/storage-error.ts';
import { identifyProcess, isRunning, type ProcessIdentity } from './process-identity.ts';
import { createRunFolder, RunWriter, readRunFolder } from './run-folder.ts';
import { RUN_MIGRATIONS, type RunTables } from './run-tables.ts';

const DATABASE_FILE = 'runs.db';
const RUN_ID = /^\d{8}T\d{6}Z-[0-9a-f]{8}$/;
/** A folder without a row is a run that was killed before it began, unless it is being made right now. */
const ORPHAN_AGE_MS = 3_600_000;

export interface OpenRunStoreOptions {
  /** Made when missing, for its owner only. Not on a network file system. */
  readonly stateDir: string;
  readonly clock: Clock;
  /** What this process is doing, for those who find it holding a host: `apply --profile server`. Never a secret. */
  readonly command: string;
}

export interface OpenedRunStore extends RunStore {
  close(): Promise<void>;
}

/** Runs of the host configurator: a row each in SQLite, and a folder with plan, journal, events, report and what is needed to go back. */
export async function openRunStore(options: OpenRunStoreOptions): Promise<OpenedRunStore> {
  const { clock, stateDir } = options;
  const runsDir = join(stateDir, 'runs');
  try {
    await mkdir(runsDir, { recursive: true, mode: 0o700 });
    await chmod(stateDir, 0o700);
  } catch (error) {
    throw toStorageError(error, { path: stateDir });
  }
  const opened = await openDatabase(join(stateDir, DATABASE_FILE), { clock, migrations: RUN_MIGRATIONS });
  return createRunStore(opened.db as unknown as Kysely<RunTables>, { ...options, runsDir });
}

interface StoreParts extends OpenRunStoreOptions {
  readonly runsDir: string;
}

function createRunStore(db: Kysely<RunTables>, parts: StoreParts): OpenedRunStore {
  const { clock, runsDir } = parts;
  const folderOf = (runId: string): string => join(runsDir, runId);
  const findRow = (runId: string): Promise<RunRow | undefined> =>
    RUN_ID.test(runId) ? db.selectFrom('runs').selectAll().where('run_id', '=', runId).executeTakeFirst() : Promise.resolve(undefined);
  return {
    async begin(run) {
      const startedAtMs = clock.wall();
      const runId = `${formatInstant(startedAtMs).slice(0, 19).replaceAll(/[-:]/g, '')}Z-${createId().slice(-8)}`;
      await lockHost(db, { hostId: run.hostId, runId, parts });
      try {
        await createRunFolder(folderOf(runId), run.plan);
        const writer = await RunWriter.open(folderOf(runId));
        await db.insertInto('runs').values(toRow(run, { runId, startedAtMs })).execute();
        return toOpenRun(db, { runId, hostId: run.hostId, writer });
      } catch (error) {
        await unlockHost(db, run.hostId, runId);
        throw error;
      }
    },
    async list({ hostId, limit }) {
      const rows = await db
        .selectFrom('runs')
        .selectAll()
        .where('host_id', '=', hostId)
        .orderBy('started_at_ms', 'desc')
        .orderBy('run_id', 'desc')
        .limit(limit)
        .execute();
      return await Promise.all(rows.map((row) => toSummary(row, folderOf(row.run_id))));
    },
    async read(runId) {
      const row = await findRow(runId);
      if (row === undefined) return null;
      const files = await readRunFolder(folderOf(runId));
      return { ...(await toSummary(row, folderOf(runId))), ...files, planHash: row.plan_hash };
    },
    async reopen(runId) {
      const row = await findRow(runId);
      if (row === undefined) throw unknownRun(runId);
      await lockHost(db, { hostId: row.host_id, runId, parts });
      try {
        return toOpenRun(db, { runId, hostId: row.host_id, writer: await RunWriter.open(folderOf(runId)) });
      } catch (error) {
        await unlockHost(db, row.host_id, runId);
        throw error;
      }
    },
    async prune({ keep }) {
      const rows = await db.selectFrom('runs').selectAll().orderBy('started_at_ms', 'desc').orderBy('run_id', 'desc').execute();
      const held = new Set((await db.selectFrom('locks').select('run_id').execute()).map((lock) => lock.run_id));
      const perHost = Map.groupBy(rows, (row) => row.host_id);
      let removed = 0;
      for (const [, ofHost] of perHost) {
        for (const { run_id: runId, ...row } of ofHost.slice(keep)) {
          const { endedAtMs } = await toSummary({ run_id: runId, ...row }, folderOf(runId));
          if (endedAtMs === null || held.has(runId)) continue;
          // The row first: a folder without a row is cleared away later, a row without a folder would be a run that cannot be read.
          await db.deleteFrom('runs').where('run_id', '=', runId).execute();
          await rm(folderOf(runId), { recursive: true, force: true });
          removed++;
        }
      }
      await removeOrphans(new Set(rows.map((row) => row.run_id)), { runsDir, clock });
      return removed;
    },
    async close() {
      await db.destroy();
    },
  };
}

type RunRow = Selectable<RunTables['runs']>;

function toRow(run: NewRun, { runId, startedAtMs }: { readonly runId: string; readonly startedAtMs: number }): RunRow {
  return {
    run_id: runId,
    host_id: run.hostId,
    kind: run.kind,
    started_at_ms: startedAtMs,
    ended_at_ms: null,
    started_by: run.startedBy,
    end_kind: null,
    plan_hash: run.planHash,
  };
}

/** A process that was killed between its report and its row has ended all the same. */
async function toSummary(row: RunRow, folder: string): Promise<RunSummary> {
  const report = row.ended_at_ms === null ? (await readRunFolder(folder)).report : null;
  return {
    runId: row.run_id,
    hostId: row.host_id,
    kind: row.kind as RunKind,
    startedAtMs: row.started_at_ms,
    endedAtMs: row.ended_at_ms ?? report?.endedAtMs ?? null,
    startedBy: row.started_by,
    end: (row.end_kind as RunEnd | null) ?? report?.end ?? null,
  };
}

interface Held {
  readonly runId: string;
  readonly hostId: string;
  readonly writer: RunWriter;
}

function toOpenRun(db: Kysely<RunTables>, { hostId, runId, writer }: Held): OpenRun {
  const release = async (): Promise<void> => {
    await writer.close();
    await unlockHost(db, hostId, runId);
  };
  return {
    runId,
    get journal() {
      return writer.entries;
    },
    append: (entry) => writer.append(entry),
    keepBytes: (content) => writer.keepBytes(content),
    readBytes: (sha256) => writer.readBytes(sha256),
    note: (event) => writer.note(event),
    async finish(report) {
      await writer.writeReport(report);
      await recordEnd(db, runId, report);
      await release();
    },
    release,
  };
}

async function recordEnd(db: Kysely<RunTables>, runId: string, report: RunReport): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await transaction
      .updateTable('runs')
      .set({ ended_at_ms: report.endedAtMs, end_kind: report.end })
      .where('run_id', '=', runId)
      .execute();
    await transaction.deleteFrom('steps').where('run_id', '=', runId).execute();
    for (const [position, step] of report.steps.entries()) {
      await transaction
        .insertInto('steps')
        .values({
          run_id: runId,
          position,
          step_id: step.stepId,
          result: step.result.kind,
          took_ms: Math.round(step.tookMs),
          attempts: step.attempts,
          is_rescued: step.isRescued ? 1 : 0,
          waited_ms: Math.round(step.waitedMs),
        })
        .execute();
    }
  });
}

interface LockOrder {
  readonly hostId: string;
  readonly runId: string;
  readonly parts: StoreParts;
}

/** One run per host. The lock of a process that is no more is taken over. */
async function lockHost(db: Kysely<RunTables>, { hostId, parts, runId }: LockOrder): Promise<void> {
  const self = identifyProcess(process.pid);
  if (self === null) throw new Error('This process is not in /proc.');
  const lock = toLockRow(self, { hostId, runId, parts });
  // Two statements that are each atomic instead of a transaction: the row that stands is removed only if it is still the dead one.
  for (let attempt = 0; attempt < 3; attempt++) {
    const { numInsertedOrUpdatedRows } = await db
      .insertInto('locks')
      .values(lock)
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (numInsertedOrUpdatedRows === 1n) return;
    const holder = await db.selectFrom('locks').selectAll().where('host_id', '=', hostId).executeTakeFirst();
    if (holder === undefined) continue;
    if (isRunning({ pid: holder.pid, started: holder.pid_started, bootId: holder.boot_id })) throw lockedRun(holder);
    await db
      .deleteFrom('locks')
      .where('host_id', '=', hostId)
      .where('pid', '=', holder.pid)
      .where('pid_started', '=', holder.pid_started)
      .where('boot_id', '=', holder.boot_id)
      .execute();
  }
  throw new OpsError({ code: 'STORAGE_BUSY', message: 'Other processes take the lock of this host all the time. Try again.' });
}

function toLockRow(self: ProcessIdentity, { hostId, parts, runId }: LockOrder): RunTables['locks'] {
  return {
    host_id: hostId,
    run_id: runId,
    pid: self.pid,
    pid_started: self.started,
    boot_id: self.bootId,
    since_ms: parts.clock.wall(),
    command: parts.command.slice(0, 500),
  };
}

async function unlockHost(db: Kysely<RunTables>, hostId: string, runId: string): Promise<void> {
  await db.deleteFrom('locks').where('host_id', '=', hostId).where('run_id', '=', runId).where('pid', '=', process.pid).execute();
}

function lockedRun(holder: RunTables['locks']): OpsError {
  const since = formatInstant(holder.since_ms);
  return new OpsError({
    code: 'HOST_RUN_LOCKED',
    message: `This host is being worked on: process ${holder.pid} (${holder.command}) has held it since ${since}, run ${holder.run_id}. Wait until it is done.`,
    details: { runId: holder.run_id, pid: holder.pid, since, command: holder.command },
  });
}

function unknownRun(runId: string): OpsError {
  return new OpsError({
    code: 'HOST_RUN_UNKNOWN',
    message: `There is no run "${runId.slice(0, 60)}". "vps-configurator history" lists them.`,
    details: { runId: runId.slice(0, 60) },
  });
}

async function removeOrphans(
  known: ReadonlySet<string>,
  { clock, runsDir }: { readonly runsDir: string; readonly clock: Clock },
): Promise<void> {
  for (const name of await readdir(runsDir)) {
    if (!RUN_ID.test(name) || known.has(name)) continue;
    const { mtimeMs } = await stat(join(runsDir, name));
    if (clock.wall() - mtimeMs > ORPHAN_AGE_MS) await rm(join(runsDir, name), { recursive: true, force: true });
  }
}
