import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { describeAccessRepositories } from '@breakwater/access/testing';
import type { Operation } from '@breakwater/contract';
import type { MachineFacts, ServerRecord } from '@breakwater/fleet';
import { type LogFields, type Logger, ManualClock, Secret, silentLogger, toMoid, toOperationId, toServerId } from '@breakwater/kernel';
import { describeDeadLetterStore } from '@breakwater/resilience/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStorage, type Storage } from './open-storage.ts';

let folder: string;
let dataDir: string;
const opened: Storage[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-storage-'));
  dataDir = folder;
});

afterEach(async () => {
  for (const storage of opened.splice(0)) await storage.close();
  await rm(folder, { recursive: true, force: true });
});

async function open(options: { readonly logger?: Logger; readonly dataDir?: string } = {}): Promise<Storage> {
  const storage = await openStorage({ dataDir, logger: silentLogger, clock: new ManualClock(), ...options });
  opened.push(storage);
  return storage;
}

async function reopen(storage: Storage, options: { readonly logger?: Logger } = {}): Promise<Storage> {
  opened.splice(opened.indexOf(storage), 1);
  await storage.close();
  return open(options);
}

function createRecordingLogger(): Logger & { readonly lines: string[] } {
  const lines: string[] = [];
  const record = (message: string, fields?: LogFields): void => void lines.push(`${message} ${JSON.stringify(fields ?? {})}`);
  return { lines, debug: record, info: record, warn: record, error: record, with: () => createRecordingLogger() };
}

const SERVER: ServerRecord = {
  id: toServerId('s1'),
  kind: 'vsphere',
  name: 'esx-01 "Ünïcode" \'; drop table servers; --',
  host: 'esx-01.example',
  port: 443,
  user: 'root',
  verifySsl: false,
  pinnedSha256: 'AA:BB',
  enabled: true,
  paused: false,
};

const MACHINE: MachineFacts = {
  moid: toMoid('vm-1'),
  name: 'web <script>\n/"🙂',
  powerState: 'poweredOn',
  guestOs: null,
  memoryMib: 2_048,
  cpuCount: 2,
  guestIp: '10.0.0.9',
  ipAddresses: ['10.0.0.9', 'fe80::1'],
  guestHostName: null,
  hostName: 'esx-01',
  tools: 'running',
  isTemplate: false,
  isAccessible: true,
  instanceUuid: null,
  annotation: 'line one\nline two',
  bootTime: null,
  question: null,
  diskUsedBytes: 1,
  diskTotalBytes: 2,
};

function createOperation(id: string, changes: Partial<Operation> = {}): Operation {
  return {
    id,
    kind: 'power_on',
    server_id: 's1',
    moid: 'vm-1',
    machine_name: 'web',
    actor: 'ann',
    state: 'queued',
    progress_percent: null,
    error_code: null,
    error: null,
    details: null,
    created_at: '2026-01-01T00:00:00.000Z',
    updated_at: '2026-01-01T00:00:00.000Z',
    ...changes,
  };
}

describeDeadLetterStore('SQLite', async () => (await open()).deadLetters);

describeAccessRepositories('SQLite', async () => (await open()).access);

describe('the data folder', () => {
  it('is made readable by its owner only, with every file in it', async () => {
    dataDir = join(dataDir, 'made', 'deep');
    const storage = await open();
    await storage.servers.save(SERVER, { password: new Secret('pw') });
    await storage.setupTokenStore.write(new Secret('token'));
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
    const names = (await readdir(dataDir)).toSorted();
    expect(names).toEqual(['breakwater.db', 'breakwater.db-shm', 'breakwater.db-wal', 'secret.key', 'setup-token']);
    for (const name of names) expect([name, (await stat(join(dataDir, name))).mode & 0o777]).toEqual([name, 0o600]);
  });

  it('restored from a backup with open rights is closed again', async () => {
    await (await open()).close();
    opened.splice(0);
    const files = ['breakwater.db', 'secret.key'].map((name) => join(dataDir, name));
    for (const path of files) await chmod(path, 0o644);
    await chmod(dataDir, 0o755);
    await open();
    for (const path of files) expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
  });

  it('keeps its mode when it holds things of others, and says so', async () => {
    await writeFile(join(dataDir, 'somebody-elses.txt'), '');
    await chmod(dataDir, 0o755);
    const logger = createRecordingLogger();
    await open({ logger });
    expect((await stat(dataDir)).mode & 0o777).toBe(0o755);
    expect(logger.lines.join('\n')).toContain('Other users of this computer can list the data folder.');
  });

  it('that cannot be made is a clear error', async () => {
    await writeFile(join(dataDir, 'file'), '');
    await expect(open({ dataDir: join(dataDir, 'file', 'data') })).rejects.toMatchObject({
      code: 'STORAGE_UNREADABLE',
      message: expect.stringContaining(join(dataDir, 'file', 'data')),
    });
  });
});

describe('servers', () => {
  it('come back as they were saved, in the order of their arrival', async () => {
    const storage = await open();
    const second = { ...SERVER, id: toServerId('a-later-one'), pinnedSha256: null, verifySsl: true, enabled: false, paused: true };
    await storage.servers.save(SERVER, { password: undefined });
    const reopened = await reopen(storage);
    await reopened.servers.save(second, { password: undefined });
    await reopened.servers.save({ ...SERVER, name: 'renamed' }, { password: undefined });
    expect(await reopened.servers.list()).toEqual(
      [{ ...second }, { ...SERVER, name: 'renamed' }].toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    );
  });

  it('keep a stored password when none is given, and never hold it in clear', async () => {
    const storage = await open();
    await storage.servers.save(SERVER, { password: new Secret('p4ss wörd "quoted"') });
    await storage.servers.save({ ...SERVER, name: 'renamed' }, { password: undefined });
    const reopened = await reopen(storage);
    expect((await reopened.servers.readPassword(SERVER.id))?.reveal()).toBe('p4ss wörd "quoted"');
    expect(await reopened.servers.readPassword(toServerId('unknown'))).toBeNull();
    await reopen(reopened);
    for (const name of await readdir(dataDir)) expect((await readFile(join(dataDir, name))).includes('p4ss')).toBe(false);
  });

  it('encrypt equal passwords differently each time', async () => {
    const { servers } = await open();
    const raw = new DatabaseSync(join(dataDir, 'breakwater.db'));
    const sealed = new Set<string>();
    for (let turn = 0; turn < 3; turn++) {
      await servers.save(SERVER, { password: new Secret('pw') });
      const row = raw.prepare('select password_sealed from servers').get();
      // The nonce: used twice with one key, it would give both passwords away.
      sealed.add(
        Buffer.from(row?.['password_sealed'] as Uint8Array)
          .subarray(0, 12)
          .toString('hex'),
      );
    }
    raw.close();
    expect(sealed.size).toBe(3);
  });

  it('take their password and their inventory along when removed', async () => {
    const storage = await open();
    await storage.servers.save(SERVER, { password: new Secret('pw') });
    await storage.inventory.save(SERVER.id, { dataAtWallMs: 5, machines: [MACHINE] });
    await storage.servers.remove(SERVER.id);
    expect(await storage.servers.list()).toEqual([]);
    expect(await storage.servers.readPassword(SERVER.id)).toBeNull();
    expect(await storage.inventory.load()).toEqual([]);
  });

  it('do not open with a password row moved from another server', async () => {
    const storage = await open();
    await storage.servers.save(SERVER, { password: new Secret('of the first') });
    await storage.servers.save({ ...SERVER, id: toServerId('s2') }, { password: new Secret('of the second') });
    const raw = new DatabaseSync(join(dataDir, 'breakwater.db'));
    raw.exec(`update servers set password_sealed = (select password_sealed from servers where id = 's1') where id = 's2'`);
    raw.close();
    const logger = createRecordingLogger();
    const reopened = await reopen(storage, { logger });
    expect(await reopened.servers.readPassword(toServerId('s2'))).toBeNull();
    expect((await reopened.servers.readPassword(SERVER.id))?.reveal()).toBe('of the first');
    expect(logger.lines.join('\n')).toContain('A stored password is damaged or belongs to another server.');
  });

  it.each([
    ['another key', async (path: string) => writeFile(path, Buffer.alloc(32, 7)), 'A stored password was encrypted with another key.'],
    ['no key', async (path: string) => rm(path), 'A stored password was encrypted with another key.'],
    ['a cut-off key', async (path: string) => truncate(path, 20), 'The key file is damaged'],
  ])('read no password with %s, and say why', async (_case, spoil, line) => {
    const storage = await open();
    await storage.servers.save(SERVER, { password: new Secret('pw') });
    opened.splice(0);
    await storage.close();
    await spoil(join(dataDir, 'secret.key'));
    const logger = createRecordingLogger();
    const reopened = await open({ logger });
    expect(await reopened.servers.readPassword(SERVER.id)).toBeNull();
    expect(await reopened.servers.list()).toHaveLength(1);
    expect(logger.lines.join('\n')).toContain(line);
  });

  it('store no password with a damaged key, and the key file stays as it is', async () => {
    await writeFile(join(dataDir, 'secret.key'), 'not a key');
    const storage = await open();
    await expect(storage.servers.save(SERVER, { password: new Secret('pw') })).rejects.toMatchObject({ code: 'STORAGE_KEY_UNUSABLE' });
    expect(await storage.servers.list()).toEqual([]);
    expect(await readFile(join(dataDir, 'secret.key'), 'utf8')).toBe('not a key');
  });
});

describe('inventories', () => {
  it('come back with every fact', async () => {
    const storage = await open();
    await storage.servers.save(SERVER, { password: undefined });
    const machines = Array.from({ length: 1_001 }, (_, index) => ({ ...MACHINE, moid: toMoid(`vm-${index}`) }));
    await storage.inventory.save(SERVER.id, { dataAtWallMs: 1_234, machines });
    const reopened = await reopen(storage);
    expect(await reopened.inventory.load()).toEqual([{ serverId: SERVER.id, dataAtWallMs: 1_234, machines }]);
    await reopened.inventory.remove(SERVER.id);
    expect(await reopened.inventory.load()).toEqual([]);
  });

  it('of many saves at once end with the last one', async () => {
    const storage = await open();
    await storage.servers.save(SERVER, { password: undefined });
    await Promise.all(
      Array.from({ length: 100 }, (_, index) => storage.inventory.save(SERVER.id, { dataAtWallMs: index, machines: [MACHINE] })),
    );
    expect((await storage.inventory.load())[0]?.dataAtWallMs).toBe(99);
  });

  it('that were handed over before a close are stored', async () => {
    const storage = await open();
    await storage.servers.save(SERVER, { password: undefined });
    const saves = [1, 2, 3].map((dataAtWallMs) => storage.inventory.save(SERVER.id, { dataAtWallMs, machines: [MACHINE] }));
    const reopened = await reopen(storage);
    await Promise.all(saves);
    expect((await reopened.inventory.load())[0]?.dataAtWallMs).toBe(3);
  });

  it('that are damaged are left out, the others are kept', async () => {
    const storage = await open();
    for (const id of ['s1', 's2']) {
      await storage.servers.save({ ...SERVER, id: toServerId(id) }, { password: undefined });
      await storage.inventory.save(toServerId(id), { dataAtWallMs: 1, machines: [MACHINE] });
    }
    const raw = new DatabaseSync(join(dataDir, 'breakwater.db'));
    raw.exec(`update inventories set machines = x'00112233' where server_id = 's1'`);
    raw.close();
    const logger = createRecordingLogger();
    const reopened = await reopen(storage, { logger });
    expect((await reopened.inventory.load()).map((entry) => entry.serverId)).toEqual(['s2']);
    expect(logger.lines.join('\n')).toContain('The stored inventory of a server is damaged');
  });

  it('of servers that are gone disappear at the next start', async () => {
    const storage = await open();
    await storage.inventory.save(toServerId('gone'), { dataAtWallMs: 1, machines: [MACHINE] });
    const reopened = await reopen(storage);
    expect(await reopened.inventory.load()).toEqual([]);
  });
});

describe('what is set by hand, and what was recorded', () => {
  const hand = { actor: 'ann', sinceWallMs: 1, untilWallMs: 900_000 };
  const controls = { isolation: null, polling: hand, limits: null };

  it('comes back after a restart, and goes with its server', async () => {
    let storage = await open();
    await storage.servers.save(SERVER, { password: new Secret('x') });
    await storage.controls.save(SERVER.id, { ...controls, isolation: { ...hand, reason: null } });
    await storage.controls.save(SERVER.id, controls);
    const bytes = new Uint8Array(50_000).fill(7);
    await storage.histories.save(SERVER.id, bytes);
    storage = await reopen(storage);
    expect(await storage.controls.load()).toEqual([{ serverId: SERVER.id, controls }]);
    const [history] = await storage.histories.load();
    expect(Buffer.compare(history?.bytes ?? Buffer.alloc(0), bytes)).toBe(0);
    expect(storage.sizeBytes()).toBeGreaterThan(10_000);
    await storage.servers.remove(SERVER.id);
    expect([await storage.controls.load(), await storage.histories.load()]).toEqual([[], []]);
  });

  it('is left out with a word in the log when it is damaged', async () => {
    const logger = createRecordingLogger();
    let storage = await open();
    await storage.servers.save(SERVER, { password: new Secret('x') });
    await storage.controls.save(SERVER.id, controls);
    await storage.histories.save(SERVER.id, new Uint8Array(10));
    await storage.close();
    opened.length = 0;
    const raw = new DatabaseSync(join(dataDir, 'breakwater.db'));
    raw.exec(`update controls set controls = '{"isolation":'`);
    raw.exec("update histories set history = x'00'");
    raw.close();
    storage = await open({ logger });
    expect([await storage.controls.load(), await storage.histories.load()]).toEqual([[], []]);
    expect(logger.lines.filter((line) => line.includes(SERVER.id))).toHaveLength(2);
  });
});

describe('operations', () => {
  it('keep what belongs to their kind', async () => {
    const { operations } = await open();
    const details = { before: { limits: 'configured' }, after: { limits: 'small' }, reason: null };
    await operations.insert(createOperation('d', { details }));
    await operations.update(createOperation('d', { details, state: 'succeeded' }));
    expect(await operations.find(toOperationId('d'))).toMatchObject({ state: 'succeeded', details });
  });

  it('are listed newest first, page by page, whatever their ids', async () => {
    const { operations } = await open();
    for (const id of ['m', 'a', 'z', 'b', 'y']) await operations.insert(createOperation(id));
    const first = await operations.list({ limit: 2 });
    expect(first.map((operation) => operation.id)).toEqual(['y', 'b']);
    const second = await operations.list({ limit: 10, before: toOperationId('b') });
    expect(second.map((operation) => operation.id)).toEqual(['z', 'a', 'm']);
    expect(await operations.list({ limit: 10, before: toOperationId('unknown') })).toEqual([]);
  });

  it('are found by server and machine', async () => {
    const { operations } = await open();
    await operations.insert(createOperation('1'));
    await operations.insert(createOperation('2', { moid: 'vm-2' }));
    await operations.insert(createOperation('3', { server_id: 's2' }));
    const ids = async (filter: { serverId?: ReturnType<typeof toServerId>; moid?: ReturnType<typeof toMoid> }) =>
      (await operations.list({ limit: 10, ...filter })).map((operation) => operation.id);
    expect(await ids({ serverId: toServerId('s1') })).toEqual(['2', '1']);
    expect(await ids({ serverId: toServerId('s1'), moid: toMoid('vm-2') })).toEqual(['2']);
  });

  it('change, and only unfinished ones are named as such after a restart', async () => {
    const storage = await open();
    await storage.operations.insert(createOperation('1'));
    await storage.operations.insert(createOperation('2', { state: 'running' }));
    await storage.operations.insert(createOperation('3', { state: 'running' }));
    const done = createOperation('2', { state: 'failed', error_code: 'X', error: 'why', progress_percent: 50 });
    await storage.operations.update(done);
    const { operations } = await reopen(storage);
    expect(await operations.find(toOperationId('2'))).toEqual(done);
    expect(await operations.find(toOperationId('9'))).toBeNull();
    expect((await operations.listUnfinished()).map((operation) => operation.id)).toEqual(['1', '3']);
  });
});

describe('a database in trouble', () => {
  it('that is no database is refused and left as it is', async () => {
    const path = join(dataDir, 'breakwater.db');
    await writeFile(path, 'this is my shopping list\n'.repeat(100));
    await expect(open()).rejects.toMatchObject({ code: 'STORAGE_CORRUPT', message: expect.stringContaining(path) });
    expect(await readFile(path, 'utf8')).toBe('this is my shopping list\n'.repeat(100));
  });

  it('that was cut off is refused', async () => {
    const storage = await open();
    for (let index = 0; index < 200; index++) await storage.operations.insert(createOperation(`${index}`));
    opened.splice(0);
    await storage.close();
    await truncate(join(dataDir, 'breakwater.db'), 10_000);
    await expect(open().then((reopened) => reopened.operations.list({ limit: 1_000 }))).rejects.toMatchObject({ code: 'STORAGE_CORRUPT' });
  });

  it('of a newer program is refused and left as it is', async () => {
    await (await open()).close();
    opened.splice(0);
    const raw = new DatabaseSync(join(dataDir, 'breakwater.db'));
    raw.exec('pragma user_version = 999');
    raw.close();
    await expect(open()).rejects.toMatchObject({ code: 'STORAGE_SCHEMA_NEWER', details: { found: 999 } });
  });
});

describe('a killed process', () => {
  it('leaves a readable database with everything that was confirmed', { timeout: 60_000 }, async () => {
    const program = `
      import { openStorage } from '${new URL('./open-storage.ts', import.meta.url).href}';
      import { silentLogger, systemClock, toServerId } from '@breakwater/kernel';
      const storage = await openStorage({ dataDir: ${JSON.stringify(dataDir)}, logger: silentLogger, clock: systemClock });
      const operation = ${JSON.stringify(createOperation(''))};
      const machines = Array.from({ length: 500 }, () => (${JSON.stringify(MACHINE)}));
      for (let index = 0; ; index++) {
        const saving = storage.inventory.save(toServerId('s1'), { dataAtWallMs: index, machines });
        await storage.operations.insert({ ...operation, id: String(index) });
        console.log(index);
        await saving;
      }`;
    await (await open()).servers.save(SERVER, { password: new Secret('pw') });
    await opened.splice(0)[0]?.close();
    for (const round of [1, 2]) {
      const child = spawn(process.execPath, ['--conditions=@breakwater/source', '--input-type=module', '--eval', program], {
        cwd: import.meta.dirname,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const confirmed: string[] = [];
      for await (const line of createInterface({ input: child.stdout })) {
        confirmed.push(line);
        if (confirmed.length === 20 * round) child.kill('SIGKILL');
      }
      expect(confirmed.length).toBeGreaterThanOrEqual(20 * round);
      const storage = await open();
      const found = new Set((await storage.operations.list({ limit: 1_000 })).map((operation) => operation.id));
      expect(confirmed.filter((id) => !found.has(id))).toEqual([]);
      expect((await storage.inventory.load())[0]?.machines).toHaveLength(500);
      expect((await storage.servers.readPassword(SERVER.id))?.reveal()).toBe('pw');
      await opened.splice(0)[0]?.close();
      const raw = new DatabaseSync(join(dataDir, 'breakwater.db'));
      expect(raw.prepare('pragma integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
      raw.exec('delete from operations');
      raw.close();
    }
  });
});
