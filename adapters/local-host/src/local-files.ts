import { randomBytes } from 'node:crypto';
import { constants, createReadStream, type Stats } from 'node:fs';
import {
  chmod,
  type FileHandle,
  lchown,
  lstat,
  lutimes,
  mkdir,
  open,
  readdir,
  readlink,
  rename,
  rm,
  rmdir,
  symlink,
  unlink,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  createHostFileError,
  type FileAttributes,
  type FileFacts,
  type HostFiles,
  requireDeepPath,
  requireHostPath,
} from '@breakwater/host-config';
import { isOpsError } from '@breakwater/kernel';

const DEFAULT_MAX_BYTES = 1_024 * 1_024;
const NOTHING_THERE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR']);

/** `place` says where a path of the host lies on this machine. */
export class LocalFiles implements HostFiles {
  readonly #place: (path: string) => Promise<string>;

  constructor(place: (path: string) => Promise<string>) {
    this.#place = place;
  }

  stat(path: string): Promise<FileFacts | null> {
    return this.#at(path, async (real) => {
      const stats = await lstatIfThere(real);
      if (stats === null) return null;
      const { gid, mode, mtimeMs, size, uid } = stats;
      return {
        kind: toKind(stats),
        mode: mode & 0o7777,
        uid,
        gid,
        sizeBytes: size,
        mtimeMs: Math.floor(mtimeMs),
        target: stats.isSymbolicLink() ? await readlink(real) : null,
      };
    });
  }

  read(path: string, { maxBytes = DEFAULT_MAX_BYTES }: { readonly maxBytes?: number } = {}): Promise<Uint8Array | null> {
    return this.#at(path, async (real) => {
      const stats = await lstatIfThere(real);
      if (stats === null) return null;
      if (!stats.isFile()) throw createHostFileError('HOST_FILE_KIND', { path, why: 'it is no file' });
      await using handle = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      const parts: Uint8Array[] = [];
      let bytes = 0;
      // Files of the kernel say that they are empty, so the size is counted and not asked for.
      for await (const part of handle.createReadStream({ autoClose: false })) {
        parts.push(part as Buffer);
        bytes += (part as Buffer).length;
        if (bytes > maxBytes) throw createHostFileError('HOST_FILE_TOO_LARGE', { path, why: `it has more than ${maxBytes} bytes` });
      }
      return new Uint8Array(Buffer.concat(parts));
    });
  }

  write(path: string, content: Uint8Array, attributes: FileAttributes): Promise<void> {
    return this.#replace(path, { attributes, fill: (handle) => handle.writeFile(content) });
  }

  install(localPath: string, path: string, attributes: FileAttributes): Promise<void> {
    return this.#replace(path, {
      attributes,
      fill: async (handle) => {
        for await (const chunk of createReadStream(localPath)) await handle.writeFile(chunk as Buffer);
      },
    });
  }

  setAttributes(path: string, attributes: Partial<FileAttributes>): Promise<void> {
    return this.#at(path, (real) => applyAttributes(real, attributes));
  }

  makeDirectory(path: string, attributes: FileAttributes): Promise<void> {
    return this.#at(path, async (real) => {
      try {
        await mkdir(real, { mode: 0o700 });
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
        if ((await lstatIfThere(real))?.isDirectory() !== true) {
          throw createHostFileError('HOST_FILE_KIND', { path, why: 'something else is there', cause: error });
        }
      }
      await applyAttributes(real, attributes);
    });
  }

  makeLink(path: string, target: string): Promise<void> {
    return this.#at(path, (real) => symlink(target, real));
  }

  rename(from: string, to: string): Promise<void> {
    return this.#at(from, (realFrom) => this.#at(to, (realTo) => rename(realFrom, realTo)));
  }

  remove(path: string): Promise<void> {
    return this.#at(path, async (real) => {
      const stats = await lstatIfThere(real);
      if (stats === null) return;
      if (stats.isDirectory()) throw createHostFileError('HOST_FILE_KIND', { path, why: 'it is a directory' });
      await unlink(real);
    });
  }

  removeDirectory(path: string): Promise<boolean> {
    return this.#at(path, async (real) => {
      try {
        await rmdir(real);
      } catch (error) {
        const code = codeOf(error);
        if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
        if (code === 'ENOTDIR') throw createHostFileError('HOST_FILE_KIND', { path, why: 'it is no directory', cause: error });
        if (code !== 'ENOENT') throw error;
      }
      return true;
    });
  }

  async removeTree(path: string): Promise<void> {
    requireDeepPath(path);
    await this.#at(path, (real) => rm(real, { recursive: true, force: true }));
  }

  list(path: string): Promise<readonly string[] | null> {
    return this.#at(path, async (real) => {
      if ((await lstatIfThere(real))?.isDirectory() !== true) return null;
      return (await readdir(real)).toSorted();
    });
  }

  /** Everything but what we say ourselves becomes `HOST_FILE_FAILED` with the words of the system. */
  async #at<T>(path: string, act: (real: string) => Promise<T>): Promise<T> {
    requireHostPath(path);
    try {
      return await act(await this.#place(path));
    } catch (error) {
      if (isOpsError(error)) throw error;
      const { code = '', message } = error as NodeJS.ErrnoException;
      throw createHostFileError('HOST_FILE_FAILED', { path, why: message.split(',')[0] ?? code, cause: error });
    }
  }

  #replace(
    path: string,
    change: { readonly attributes: FileAttributes; readonly fill: (handle: FileHandle) => Promise<void> },
  ): Promise<void> {
    return this.#at(path, async (real) => {
      if ((await lstatIfThere(real))?.isDirectory() === true) {
        throw createHostFileError('HOST_FILE_KIND', { path, why: 'it is a directory' });
      }
      const folder = dirname(real);
      const temporary = join(folder, `.bw-${randomBytes(8).toString('hex')}`);
      try {
        await fillFile(temporary, change.fill);
        await applyAttributes(temporary, change.attributes);
        await rename(temporary, real);
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
      await using handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
      await handle.sync();
    });
  }
}

async function fillFile(path: string, fill: (handle: FileHandle) => Promise<void>): Promise<void> {
  await using handle = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  await fill(handle);
  await handle.sync();
}

/** Owner before mode: a change of the owner takes the set-user-id bit away. */
async function applyAttributes(path: string, { gid, mode, mtimeMs, uid }: Partial<FileAttributes>): Promise<void> {
  const stats = await lstat(path);
  const owner = { uid: uid ?? stats.uid, gid: gid ?? stats.gid };
  if (owner.uid !== stats.uid || owner.gid !== stats.gid) await lchown(path, owner.uid, owner.gid);
  if (mode !== undefined && !stats.isSymbolicLink()) await chmod(path, mode);
  // Node cuts the fraction of a second off after a multiplication that may end just below the whole millisecond.
  if (mtimeMs !== undefined) await lutimes(path, (mtimeMs + 0.01) / 1_000, (mtimeMs + 0.01) / 1_000);
}

async function lstatIfThere(path: string): Promise<Stats | null> {
  try {
    return await lstat(path);
  } catch (error) {
    if (NOTHING_THERE.has(codeOf(error))) return null;
    throw error;
  }
}

function toKind(stats: Stats): FileFacts['kind'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'link' : 'other';
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';
