import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'breakwater-ssh-';

/** Only its owner may look into it. The name is short, because that of a socket must fit 108 bytes. */
export interface PrivateFolder {
  at(name: string): string;
  write(name: string, content: string): Promise<void>;
  remove(): Promise<void>;
}

export async function openPrivateFolder(): Promise<PrivateFolder> {
  // mkdtemp(3) makes it 0700.
  const path = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
  return {
    at: (name) => join(path, name),
    write: (name, content) => writeFile(join(path, name), content, { mode: 0o600, flag: 'wx' }),
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

/** For the start: what processes of this user that are no more have left. What bears our own number is of an earlier process too. */
export async function removeLeftFolders(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const [, pid] = new RegExp(`^${PREFIX}(\\d+)-`).exec(name) ?? [];
    if (pid === undefined || (Number(pid) !== process.pid && isAlive(Number(pid)))) continue;
    const path = join(tmpdir(), name);
    const found = await stat(path).catch(() => null);
    if (found?.uid === process.getuid?.()) await rm(path, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
