import { silentLogger } from '@breakwater/kernel';
import { describeDeadLetterStore } from '@breakwater/resilience/testing';
import { openPostgres, type PostgresStorage } from '@breakwater/storage';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../e2e/support/child.ts';
import { type PostgresCluster, startPostgres } from './support/postgres-cluster.ts';

let cluster: PostgresCluster;
const opened: PostgresStorage[] = [];

beforeAll(async () => {
  cluster = await startPostgres();
}, 60_000);

afterEach(async () => {
  for (const storage of opened.splice(0)) await storage.close();
});

afterAll(() => cluster?.stop());

async function open(database: string): Promise<PostgresStorage> {
  const { host, port, user } = cluster;
  const storage = await openPostgres({ host, port, user, database, logger: silentLogger });
  opened.push(storage);
  return storage;
}

describeDeadLetterStore('PostgreSQL', async () => (await open(await cluster.createDatabase())).deadLetters);

const LETTER = {
  id: 'a',
  key: 'server-1',
  op: 'machine.power_off',
  payload: { moid: '17' },
  reason: { code: 'TRANSPORT_RESET', message: 'reset' },
  attempts: 1,
  createdAtWallMs: 1_790_000_000_000,
  failedAtWallMs: 1_790_000_000_000,
} as const;

describe('dead letters on PostgreSQL', () => {
  test('are there for all who open the database, however many make its schema at the same time', async () => {
    const database = await cluster.createDatabase();
    const storages = await Promise.all([open(database), open(database), open(database)]);
    await storages[0]?.deadLetters.put(LETTER);
    expect(await Promise.all(storages.map(({ deadLetters }) => deadLetters.get('a')))).toEqual([LETTER, LETTER, LETTER]);
  });

  test('survive a crash of the server, and the door finds its way back', async () => {
    const storage = await open(await cluster.createDatabase());
    await storage.deadLetters.put(LETTER);
    await cluster.restart();
    const found = await eventually(async () => (await storage.deadLetters.get('a')) ?? undefined, { what: 'the letter is read again' });
    expect(found).toEqual(LETTER);
  });

  test('are asked for again over a new connection when the old ones were cut', async () => {
    const database = await cluster.createDatabase();
    const storage = await open(database);
    await storage.deadLetters.put(LETTER);
    await cluster.cutConnections(database);
    expect(await eventually(() => storage.deadLetters.count(), { what: 'the letters are counted again' })).toBe(1);
  });

  test('say by code when there is no server, no database, or a newer schema', async () => {
    await expect(open('missing')).rejects.toMatchObject({ code: 'STORAGE_UNREADABLE', details: { path: `${cluster.host}/missing` } });
    await expect(openPostgres({ host: '/nonexistent', user: 'x', database: 'x', logger: silentLogger })).rejects.toMatchObject({
      code: 'STORAGE_UNREADABLE',
    });
    const database = await cluster.createDatabase();
    await open(database);
    await cluster.run(database, 'update breakwater_schema set version = 99');
    await expect(open(database)).rejects.toMatchObject({ code: 'STORAGE_SCHEMA_NEWER', details: { found: 99 } });
  });
});
