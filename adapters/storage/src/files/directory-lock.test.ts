import { spawn } from 'node:child_process';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LOCK_FILE, lockDataDirectory } from './directory-lock.ts';

let folder: string;

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'breakwater-lock-')), 'data');
});

afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }));

it('gives the folder to one at a time', async () => {
  const first = await lockDataDirectory(folder);
  expect(first).not.toBeNull();
  expect(await lockDataDirectory(folder)).toBeNull();
  first?.release();
  const second = await lockDataDirectory(folder);
  expect(second).not.toBeNull();
  second?.release();
});

it('makes folder and file for the owner only', async () => {
  const lock = await lockDataDirectory(folder);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  expect((await stat(join(folder, LOCK_FILE))).mode & 0o777).toBe(0o600);
  lock?.release();
});

it('is held against other processes, and is free again when its holder was killed', async () => {
  const program = `
    import { lockDataDirectory } from '${new URL('./directory-lock.ts', import.meta.url).href}';
    console.log((await lockDataDirectory(${JSON.stringify(folder)})) !== null);
    setInterval(() => undefined, 1_000);`;
  const child = spawn(process.execPath, ['--conditions=@breakwater/source', '--input-type=module', '--eval', program], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      expect(line).toBe('true');
      break;
    }
    expect(await lockDataDirectory(folder)).toBeNull();
  } finally {
    child.kill('SIGKILL');
  }
  await ended;
  const lock = await lockDataDirectory(folder);
  expect(lock).not.toBeNull();
  lock?.release();
});

it('tells why a folder cannot be claimed', async () => {
  await writeFile(folder, 'a file where the folder should be');
  await expect(lockDataDirectory(folder)).rejects.toMatchObject({ code: 'STORAGE_UNREADABLE', message: expect.stringContaining(folder) });
});
