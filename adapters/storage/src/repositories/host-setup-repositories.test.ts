import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerRecord } from '@breakwater/fleet';
import type { SetupRecord } from '@breakwater/host-config';
import { Secret, silentLogger, systemClock, toMoid, toServerId } from '@breakwater/kernel';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStorage, type Storage } from '../open-storage.ts';

const CANARY = 'canary-of-a-private-key-4711';
const LOGIN = { id: 'l1', name: 'root', user: 'root', keyType: 'ssh-ed25519', fingerprint: 'SHA256:x', createdAtMs: 1, updatedAtMs: 2 };
const DOORWAY = { serverId: toServerId('s1'), moid: toMoid('vm-1'), port: 22 };
const KEY = { type: 'ssh-ed25519', key: 'AAAA', fingerprint: 'SHA256:a', atMs: 7, by: 'anna' };
const SERVER: ServerRecord = {
  id: toServerId('s1'),
  kind: 'vsphere',
  name: 'esx',
  host: 'esx',
  port: 443,
  user: 'root',
  verifySsl: false,
  pinnedSha256: null,
  enabled: true,
  paused: false,
};

let dataDir: string;
let storage: Storage;

const open = (): Promise<Storage> => openStorage({ dataDir, logger: silentLogger, clock: systemClock });

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'host-setups-'));
  storage = await open();
  await storage.servers.save(SERVER, { password: undefined });
});

afterEach(async () => {
  await storage.close();
  await rm(dataDir, { recursive: true, force: true });
});

async function reopen(): Promise<void> {
  await storage.close();
  storage = await open();
}

function createSetup(id: string, changes: Partial<SetupRecord> = {}): SetupRecord {
  return {
    id,
    server_id: 's1',
    moid: 'vm-1',
    machine_name: 'web',
    host: '10.0.0.7',
    port: 22,
    boot_wait_seconds: 0,
    act: 'plan',
    login_id: 'l1',
    login_name: 'root',
    user: 'root',
    profile: null,
    config: 'a: 1',
    state: 'planned',
    requested_by: 'anna',
    created_at: '2026-01-01T00:00:00.000Z',
    updated_at: '2026-01-01T00:00:00.000Z',
    error_code: null,
    error: null,
    plan_hash: null,
    counts: null,
    plan: null,
    steps: [],
    operation_id: 'o',
    run_id: null,
    ...changes,
  };
}

test('a key comes back after a restart and stands nowhere in clear', async () => {
  await storage.hostLogins.save(LOGIN, { privateKey: new Secret(CANARY) });
  await reopen();
  expect(await storage.hostLogins.list()).toEqual([LOGIN]);
  expect((await storage.hostLogins.readKey('l1'))?.reveal()).toBe(CANARY);
  const databases = (await readdir(dataDir)).filter((name) => name.includes('.db'));
  expect(databases.length).toBeGreaterThan(0);
  for (const name of databases) expect((await readFile(join(dataDir, name))).includes(CANARY), name).toBe(false);
});

test('a login without a new key keeps its old one, and one that is removed is gone', async () => {
  await storage.hostLogins.save(LOGIN, { privateKey: new Secret(CANARY) });
  await storage.hostLogins.save({ ...LOGIN, name: 'ops' }, { privateKey: undefined });
  expect(await storage.hostLogins.find('l1')).toMatchObject({ name: 'ops' });
  expect((await storage.hostLogins.readKey('l1'))?.reveal()).toBe(CANARY);
  await storage.hostLogins.remove('l1');
  expect([await storage.hostLogins.find('l1'), await storage.hostLogins.readKey('l1')]).toEqual([null, null]);
});

test('with another key file no stored key opens', async () => {
  await storage.hostLogins.save(LOGIN, { privateKey: new Secret(CANARY) });
  await storage.close();
  await writeFile(join(dataDir, 'secret.key'), Buffer.alloc(32, 7));
  storage = await open();
  expect(await storage.hostLogins.readKey('l1')).toBe(null);
});

test('a host key belongs to a machine and a port, is replaced, and goes with its server', async () => {
  await storage.hostKeys.save(DOORWAY, KEY);
  await storage.hostKeys.save(DOORWAY, { ...KEY, fingerprint: 'SHA256:b' });
  await reopen();
  expect(await storage.hostKeys.find(DOORWAY)).toEqual({ ...KEY, fingerprint: 'SHA256:b' });
  expect(await storage.hostKeys.find({ ...DOORWAY, port: 23 })).toBe(null);
  await storage.servers.remove(SERVER.id);
  expect(await storage.hostKeys.find(DOORWAY)).toBe(null);
});

test('set-ups are kept whole, listed without what is large, and told apart when they are not over', async () => {
  const applying = createSetup('b', { state: 'applying', steps: [] });
  for (const setup of [createSetup('a'), applying, createSetup('c', { moid: 'vm-2' })]) await storage.hostSetups.save(setup);
  await storage.hostSetups.save(createSetup('a', { state: 'succeeded' }));
  await reopen();
  expect(await storage.hostSetups.find('a')).toEqual(createSetup('a', { state: 'succeeded' }));
  expect(await storage.hostSetups.listUnfinished()).toEqual([applying]);
  const rows = await storage.hostSetups.list({ limit: 9, serverId: toServerId('s1'), moid: toMoid('vm-1') });
  expect(rows.map(({ id }) => id)).toEqual(['b', 'a']);
  expect(Object.keys(rows[0] ?? {})).not.toContain('config');
});

test('the newest set-ups of a machine stay, and those that are not over', async () => {
  await storage.hostSetups.save(createSetup('old', { state: 'applying' }));
  for (const id of ['1', '2', '3']) await storage.hostSetups.save(createSetup(id));
  await storage.hostSetups.save(createSetup('other', { moid: 'vm-2' }));
  await storage.hostSetups.prune({ serverId: toServerId('s1'), moid: toMoid('vm-1') }, { keep: 2 });
  expect((await storage.hostSetups.list({ limit: 9 })).map(({ id }) => id)).toEqual(['other', '3', '2', 'old']);
});
