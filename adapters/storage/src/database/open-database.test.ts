import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ManualClock } from '@breakwater/kernel';
import { Kysely, SqliteDialect } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrate } from './migrate.ts';
import { MIGRATIONS, type Migration } from './migrations.ts';
import { createKyselyDatabase } from './node-sqlite.ts';
import { type OpenedDatabase, openDatabase } from './open-database.ts';
import { toStorageError } from './storage-error.ts';

let directory: string;
let database: OpenedDatabase;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'breakwater-database-'));
  database = await openDatabase(join(directory, 'test.db'), { clock: new ManualClock() });
});

afterEach(async () => {
  await database.db.destroy();
  await rm(directory, { recursive: true, force: true });
});

const insertLink = (digest: string) => database.db.insertInto('links').values({ digest, person_id: 'p', expires_at_ms: 1 }).execute();

async function insertPerson(): Promise<void> {
  const row = { id: 'p', username: 'p', username_key: 'p', role: 'admin', created_at: '', password_hash: '' };
  await database.db.insertInto('people').values(row).execute();
}

describe('a database', () => {
  it('without space left refuses a write, keeps what it has, and goes on when there is space', async () => {
    await insertPerson();
    const { page_count: pages } = database.connection.prepare('pragma page_count').get() as { page_count: number };
    database.connection.exec(`pragma max_page_count = ${pages}`);
    await expect(insertLink('x'.repeat(20_000))).rejects.toMatchObject({
      code: 'STORAGE_FULL',
      message: expect.stringContaining('test.db'),
    });
    expect(await database.db.selectFrom('people').select('id').execute()).toEqual([{ id: 'p' }]);
    database.connection.exec('pragma max_page_count = 1000000');
    await insertLink('x'.repeat(20_000));
    expect(await database.db.selectFrom('links').selectAll().execute()).toHaveLength(1);
  });

  it('that cannot be written says so', async () => {
    await insertPerson();
    database.connection.exec('pragma query_only = on');
    await expect(insertLink('l')).rejects.toMatchObject({ code: 'STORAGE_READ_ONLY' });
  });

  it('that another process holds says so', async () => {
    database.connection.exec('pragma busy_timeout = 0');
    const other = new DatabaseSync(join(directory, 'test.db'));
    other.exec('begin immediate');
    await expect(insertPerson()).rejects.toMatchObject({ code: 'STORAGE_BUSY' });
    other.exec('rollback');
    other.close();
    await insertPerson();
  });

  it('keeps two transactions at once apart', async () => {
    await insertPerson();
    const order: string[] = [];
    const run = (name: string) =>
      database.db.transaction().execute(async (transaction) => {
        order.push(`${name} begins`);
        await transaction.insertInto('links').values({ digest: name, person_id: 'p', expires_at_ms: 1 }).execute();
        await transaction.selectFrom('links').selectAll().execute();
        order.push(`${name} ends`);
      });
    await Promise.all([run('one'), run('two')]);
    expect(order).toEqual(['one begins', 'one ends', 'two begins', 'two ends']);
  });

  it('takes a failed transaction back as a whole', async () => {
    await insertPerson();
    const failing = database.db.transaction().execute(async (transaction) => {
      await transaction.insertInto('links').values({ digest: 'l', person_id: 'p', expires_at_ms: 1 }).execute();
      await transaction.insertInto('links').values({ digest: 'l', person_id: 'p', expires_at_ms: 1 }).execute();
    });
    await expect(failing).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    expect(await database.db.selectFrom('links').selectAll().execute()).toEqual([]);
  });

  it('tells why a transaction failed that SQLite has taken back by itself', async () => {
    await insertPerson();
    const failing = database.db.transaction().execute(async (transaction) => {
      await transaction.insertInto('links').values({ digest: 'l', person_id: 'p', expires_at_ms: 1 }).execute();
      database.connection.exec('rollback');
      throw new Error('the reason');
    });
    await expect(failing).rejects.toThrow('the reason');
    await insertLink('l');
  });

  it('remembers only so many prepared statements', async () => {
    for (let limit = 1; limit < 450; limit++) {
      const names = Array.from({ length: limit }, (_, index) => `${index}`);
      expect(await database.db.selectFrom('people').select('id').where('id', 'in', names).execute()).toEqual([]);
    }
  });
});

describe('migrations', () => {
  const openPlain = (): { db: Kysely<unknown>; connection: DatabaseSync } => {
    const connection = new DatabaseSync(':memory:');
    return {
      db: new Kysely({ dialect: new SqliteDialect({ database: createKyselyDatabase(connection, { path: ':memory:' }) }) }),
      connection,
    };
  };
  const createTable =
    (name: string): Migration =>
    (db) =>
      db.schema.createTable(name).addColumn('id', 'text').execute();
  const tablesOf = (connection: DatabaseSync) =>
    connection
      .prepare(`select name from sqlite_master where type = 'table' order by name`)
      .all()
      .map((row) => row['name']);

  it('run once each, in order', async () => {
    const { db, connection } = openPlain();
    expect(await migrate(db, [createTable('a')])).toEqual({ from: 0, to: 1 });
    expect(await migrate(db, [createTable('a'), createTable('b')])).toEqual({ from: 1, to: 2 });
    expect(await migrate(db, [createTable('a'), createTable('b')])).toEqual({ from: 2, to: 2 });
    expect(tablesOf(connection)).toEqual(['a', 'b']);
  });

  it('leave the old schema when one of them fails', async () => {
    const { db, connection } = openPlain();
    await migrate(db, [createTable('a')]);
    const failing: Migration = () => Promise.reject(new Error('step failed'));
    await expect(migrate(db, [createTable('a'), createTable('b'), failing])).rejects.toThrow('step failed');
    expect(tablesOf(connection)).toEqual(['a']);
    expect(await migrate(db, [createTable('a'), createTable('b')])).toEqual({ from: 1, to: 2 });
  });

  it('refuse a schema from the future', async () => {
    const { db } = openPlain();
    await migrate(db, [createTable('a'), createTable('b')]);
    await expect(migrate(db, [createTable('a')])).rejects.toMatchObject({ code: 'STORAGE_SCHEMA_NEWER', details: { found: 2, known: 1 } });
  });
});

describe('a database whose schema is behind', () => {
  const addTable =
    (name: string): Migration =>
    (db) =>
      db.schema.createTable(name).addColumn('id', 'text').execute();
  const backups = (): Promise<string[]> => readdir(join(directory, 'backups'));
  const reopen = async (options: { readonly clock: ManualClock; readonly migrations: readonly Migration[] }): Promise<OpenedDatabase> => {
    await database.db.destroy();
    database = await openDatabase(join(directory, 'test.db'), options);
    return database;
  };

  it('is copied, whole and for its owner only, before the schema is changed', async () => {
    await insertPerson();
    const { backupPath } = await reopen({ clock: new ManualClock(), migrations: [...MIGRATIONS, addTable('later')] });
    expect(backupPath).toBe(join(directory, 'backups', `test-2026-01-01T00-00-00-000Z-schema-${MIGRATIONS.length}.db`));
    const copy = new DatabaseSync(backupPath ?? '', { readOnly: true });
    expect(copy.prepare('select id from people').all()).toEqual([{ id: 'p' }]);
    expect(copy.prepare('pragma user_version').get()).toEqual({ user_version: MIGRATIONS.length });
    expect(copy.prepare(`select name from sqlite_master where name = 'later'`).all()).toEqual([]);
    copy.close();
    expect((await stat(backupPath ?? '')).mode & 0o777).toBe(0o600);
    expect((await stat(join(directory, 'backups'))).mode & 0o777).toBe(0o700);
  });

  it('is not copied when nothing changes, nor when it is new', async () => {
    expect(database.backupPath).toBeNull();
    expect((await reopen({ clock: new ManualClock(), migrations: MIGRATIONS })).backupPath).toBeNull();
    await expect(backups()).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('keeps the last three copies, and no half one of a killed process', async () => {
    const migrations = [...MIGRATIONS];
    const clock = new ManualClock();
    for (const name of ['a', 'b', 'c', 'd']) {
      migrations.push(addTable(name));
      await reopen({ clock, migrations });
      await clock.advance(1_000);
      await writeFile(join(directory, 'backups', 'half.db.draft'), 'half');
    }
    migrations.push(addTable('e'));
    await reopen({ clock, migrations });
    const base = MIGRATIONS.length;
    expect(await backups()).toEqual([
      `test-2026-01-01T00-00-02-000Z-schema-${base + 2}.db`,
      `test-2026-01-01T00-00-03-000Z-schema-${base + 3}.db`,
      `test-2026-01-01T00-00-04-000Z-schema-${base + 4}.db`,
    ]);
  });

  it('stays as it is when the copy cannot be made', async () => {
    await insertPerson();
    await writeFile(join(directory, 'backups'), 'a file where the folder should be');
    await database.db.destroy();
    const opening = openDatabase(join(directory, 'test.db'), { clock: new ManualClock(), migrations: [...MIGRATIONS, addTable('later')] });
    await expect(opening).rejects.toMatchObject({ code: 'STORAGE_UNREADABLE', message: expect.stringContaining('backups') });
    database = await openDatabase(join(directory, 'test.db'), { clock: new ManualClock() });
    expect(database.schemaFrom).toBe(MIGRATIONS.length);
  });
});

describe('errors of the file system', () => {
  it.each([
    ['ENOSPC', 'STORAGE_FULL'],
    ['EDQUOT', 'STORAGE_FULL'],
    ['EROFS', 'STORAGE_READ_ONLY'],
    ['EACCES', 'STORAGE_READ_ONLY'],
    ['EIO', 'STORAGE_UNREADABLE'],
  ])('%s is %s', (code, expected) => {
    expect(toStorageError(Object.assign(new Error(code), { code }), { path: '/data' })).toMatchObject({
      code: expected,
      details: { path: '/data' },
    });
  });
});
