import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { toStorageError } from '../database/storage-error.ts';
import { ensurePrivateFile } from './private-files.ts';

export const LOCK_FILE = 'breakwater.lock';

const SQLITE_BUSY = 5;

export interface DirectoryLock {
  release(): void;
}

/**
 * Claims the data folder for this process, and makes the folder when there is none. Null while another process holds it. Node has no
 * file locks of its own, so an empty SQLite file lends the lock; the operating system takes it back however the process ends.
 */
export async function lockDataDirectory(path: string): Promise<DirectoryLock | null> {
  const file = join(path, LOCK_FILE);
  let connection: DatabaseSync | undefined;
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await ensurePrivateFile(file);
    connection = new DatabaseSync(file, { timeout: 0 });
    connection.exec('begin exclusive');
    const held = connection;
    return { release: () => held.close() };
  } catch (error) {
    connection?.close();
    if (isBusy(error)) return null;
    throw toStorageError(error, { path });
  }
}

function isBusy(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'errcode' in error && error.errcode === SQLITE_BUSY;
}
