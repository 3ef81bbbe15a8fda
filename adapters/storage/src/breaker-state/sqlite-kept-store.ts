import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { OpsError } from '@breakwater/kernel';
import type { KeptKey, KeptRecord, KeptState, KeptStep, KeptStore, KeptTransition } from '@breakwater/resilience';
import { toStorageError } from '../database/storage-error.ts';

const SCHEMA_VERSION = 1;
const BUSY_TIMEOUT_MS = 5_000;
const KEPT_TRANSITIONS = 500;
const KEPT_MS = 30 * 86_400_000;

const STATES: ReadonlySet<unknown> = new Set<KeptState>(['closed', 'open', 'half-open']);

export interface SqliteKeptStore extends KeptStore {
  close(): void;
}

/** Throws `STORAGE_...`. The file must exist, with the mode that the ones beside it are to have. */
export function openSqliteKeptStore(path: string, options: { readonly machineId: string }): SqliteKeptStore {
  return new Store(path, options.machineId);
}

class Store implements SqliteKeptStore {
  readonly #path: string;
  readonly #machineId: string;
  readonly #db: DatabaseSync;
  readonly #find: StatementSync;
  readonly #write: StatementSync;
  readonly #note: StatementSync;
  readonly #prune: StatementSync;
  readonly #all: StatementSync;
  readonly #latest: StatementSync;

  constructor(path: string, machineId: string) {
    this.#path = path;
    this.#machineId = machineId;
    let db: DatabaseSync | undefined;
    try {
      db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
      prepare(db, path);
      this.#db = db;
      this.#find = db.prepare('select state, record from breakers where scope = ? and service = ? and machine_id = ?');
      this.#write = db.prepare('insert or replace into breakers (scope, service, machine_id, state, record) values (?, ?, ?, ?, ?)');
      this.#note = db.prepare('insert into transitions (machine_id, at_ms, transition) values (?, ?, ?)');
      this.#prune = db.prepare('delete from transitions where at_ms < ? or id <= (select max(id) from transitions) - ?');
      this.#all = db.prepare('select state, record from breakers where machine_id = ? order by scope, service');
      this.#latest = db.prepare('select transition from transitions where machine_id = ? order by id desc limit ?');
    } catch (error) {
      db?.close();
      throw toStorageError(error, { path });
    }
  }

  update<Result>(key: KeptKey, change: (found: KeptRecord | null) => KeptStep<Result>): Result {
    this.#run(() => this.#db.exec('begin immediate'));
    try {
      const row = this.#run(() => this.#find.get(key.scope, key.service, this.#machineId));
      const { record, result, transition } = change(row === undefined ? null : parseRecord(row, this.#path));
      this.#run(() => {
        this.#write.run(key.scope, key.service, this.#machineId, record.state, JSON.stringify(record));
        if (transition !== null) {
          this.#note.run(this.#machineId, transition.atWallMs, JSON.stringify(transition));
          this.#prune.run(transition.atWallMs - KEPT_MS, KEPT_TRANSITIONS);
        }
        this.#db.exec('commit');
      });
      return result;
    } catch (error) {
      // SQLite takes a transaction back by itself when the disk fails.
      if (this.#db.isTransaction) this.#db.exec('rollback');
      throw error;
    }
  }

  list(): readonly KeptRecord[] {
    return this.#run(() => this.#all.all(this.#machineId)).map((row) => parseRecord(row, this.#path));
  }

  transitions({ limit }: { readonly limit: number }): readonly KeptTransition[] {
    return this.#run(() => this.#latest.all(this.#machineId, limit)).map((row) => JSON.parse(String(row['transition'])) as KeptTransition);
  }

  close(): void {
    this.#db.close();
  }

  #run<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      throw toStorageError(error, { path: this.#path });
    }
  }
}

function prepare(db: DatabaseSync, path: string): void {
  // Normal: a killed process loses nothing, a power cut the last moments, and a breaker can afford those.
  db.exec('pragma journal_mode = wal; pragma synchronous = normal; pragma trusted_schema = off');
  if (readVersion(db) !== SCHEMA_VERSION) createTables(db, path);
  // Half of a file may be missing without anybody noticing until that page is read.
  const check = db.prepare('pragma quick_check(1)').get();
  if (check?.['quick_check'] !== 'ok') throw damaged(path);
}

function createTables(db: DatabaseSync, path: string): void {
  db.exec('begin immediate');
  try {
    const found = readVersion(db);
    if (found > SCHEMA_VERSION) {
      throw new OpsError({
        code: 'STORAGE_SCHEMA_NEWER',
        message: `${path} was written by a newer version of this program.`,
        details: { found },
      });
    }
    if (found === 0) {
      db.exec(`
        create table breakers (
          scope text not null, service text not null, machine_id text not null, state text not null, record text not null,
          primary key (scope, service)
        ) strict, without rowid;
        create table transitions (
          id integer primary key autoincrement, machine_id text not null, at_ms real not null, transition text not null
        ) strict;
        pragma user_version = ${SCHEMA_VERSION};
      `);
    }
    db.exec('commit');
  } catch (error) {
    if (db.isTransaction) db.exec('rollback');
    throw error;
  }
}

function readVersion(db: DatabaseSync): number {
  return Number(db.prepare('pragma user_version').get()?.['user_version'] ?? 0);
}

/** The state has a column of its own, for people who look into the file; both must agree. */
function parseRecord(row: Readonly<Record<string, unknown>>, path: string): KeptRecord {
  const record = parseJson(String(row['record']));
  if (record === null || typeof record !== 'object' || !('state' in record)) throw damaged(path);
  if (!STATES.has(record.state) || record.state !== row['state']) throw damaged(path);
  return record as KeptRecord;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function damaged(path: string): OpsError {
  return new OpsError({ code: 'STORAGE_CORRUPT', message: `${path} is damaged.`, details: { path } });
}
