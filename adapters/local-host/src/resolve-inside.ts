import { lstat, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createHostFileError } from '@breakwater/host-config';

/** As Linux does. */
const MAX_LINKS = 40;

/**
 * Where `path` of a tree lies on this machine. Links on the way are followed as a chroot would: an absolute one begins at `root`, and `..` does
 * not lead out of it. The last name is not followed. Somebody who changes links of the tree at the same moment could still lead astray: a
 * tree is set up before anybody works in it.
 */
export async function resolveInside(root: string, path: string): Promise<string> {
  const left = toParts(path);
  const done: string[] = [];
  let links = 0;
  for (let part = left.shift(); part !== undefined; part = left.shift()) {
    if (part === '..') {
      done.pop();
      continue;
    }
    const here = join(root, ...done, part);
    const target = left.length === 0 ? null : await readLink(here);
    if (target === null) {
      done.push(part);
      continue;
    }
    if (++links > MAX_LINKS) throw createHostFileError('HOST_FILE_FAILED', { path, why: 'there are too many links on the way' });
    if (target.startsWith('/')) done.length = 0;
    left.unshift(...toParts(target));
  }
  return join(root, ...done);
}

const toParts = (path: string): string[] => path.split('/').filter((part) => part !== '' && part !== '.');

async function readLink(path: string): Promise<string | null> {
  try {
    return (await lstat(path)).isSymbolicLink() ? await readlink(path) : null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // What is not there is no link; whoever asked learns of it from the act itself.
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}
