import { constants } from 'node:fs';
import { chmod, type FileHandle, link, mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createId, type Logger } from '@breakwater/kernel';
import { toStorageError } from '../database/storage-error.ts';

const OWNER_ONLY_DIRECTORY = 0o700;
const OWNER_ONLY_FILE = 0o600;
const OTHERS = 0o077;

/**
 * Makes the data folder, readable by its owner only. A folder that already holds other things keeps its mode, because
 * it may serve others too; the files in it are protected each for itself.
 */
export async function openDataDirectory(
  path: string,
  options: { readonly logger: Logger; readonly ownFiles: readonly string[] },
): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: OWNER_ONLY_DIRECTORY });
    const { mode } = await stat(path);
    if ((mode & OTHERS) === 0) return;
    const entries = await readdir(path);
    const isOurs = entries.every((entry) => options.ownFiles.includes(entry)) || entries.some((entry) => entry === options.ownFiles[0]);
    if (isOurs) await chmod(path, OWNER_ONLY_DIRECTORY);
    else options.logger.warn('Other users of this computer can list the data folder.', { path });
  } catch (error) {
    throw toStorageError(error, { path });
  }
}

/** Makes an empty file if there is none, and takes everybody else's rights away. */
export async function ensurePrivateFile(path: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, constants.O_RDWR | constants.O_CREAT, OWNER_ONLY_FILE);
    const { mode } = await handle.stat();
    if ((mode & OTHERS) !== 0) await handle.chmod(OWNER_ONLY_FILE);
  } catch (error) {
    throw toStorageError(error, { path });
  } finally {
    await handle?.close();
  }
}

/**
 * Makes a file with this content, complete or not at all, also if the process is killed half way.
 * False when there is one already; that one is left alone.
 */
export async function createPrivateFile(path: string, content: Uint8Array): Promise<boolean> {
  const draft = join(dirname(path), `.${createId()}.draft`);
  try {
    const handle = await open(draft, 'wx', OWNER_ONLY_FILE);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    // A link, unlike a rename, never replaces a file that another process has just made.
    await link(draft, path);
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw toStorageError(error, { path });
  } finally {
    await rm(draft, { force: true });
  }
}

/** Null when there is no such file. */
export async function readPrivateFile(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    throw toStorageError(error, { path });
  }
}

/** Takes everybody else's rights away. False when that is not ours to do, as with a file that an orchestrator mounts. */
export async function restrictToOwner(path: string): Promise<boolean> {
  try {
    const { mode } = await stat(path);
    if ((mode & OTHERS) !== 0) await chmod(path, OWNER_ONLY_FILE);
    return true;
  } catch (error) {
    if (isErrno(error, 'EPERM') || isErrno(error, 'EROFS')) return false;
    throw toStorageError(error, { path });
  }
}

export async function removePrivateFile(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (error) {
    throw toStorageError(error, { path });
  }
}

function isErrno(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
