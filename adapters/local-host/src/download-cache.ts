import { createHash } from 'node:crypto';
import { createReadStream, type Stats } from 'node:fs';
import { lstat, mkdir, readdir, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { DownloadedFile } from '@breakwater/host-config';

/** Parts of a finished file's name that tell of a transfer under way. */
const PARTIAL = /\.part(?:\.json)?$/;

/** What was fetched may be nobody else's business: for the owner only. */
export async function openCacheFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
}

/** A finished file whose content still has that hash; one that has another is thrown away, so that it is fetched anew. */
export async function findCached(
  path: string,
  { sha256, wallMs }: { readonly sha256: string; readonly wallMs: number },
): Promise<DownloadedFile | null> {
  const facts = await lstatIfThere(path);
  if (facts === null) return null;
  if (!facts.isFile() || (await hashOf(path)) !== sha256) {
    await rm(path, { recursive: true, force: true });
    return null;
  }
  // Its time says when it was last of use, and decides what goes first.
  await utimes(path, wallMs / 1_000, wallMs / 1_000);
  return { path, sha256, sizeBytes: facts.size, transferredBytes: 0 };
}

/** Removes what has been of no use for longest until all of it fits; never what is in use. */
export async function trimCache(
  folder: string,
  options: { readonly maxBytes: number; readonly isInUse: (path: string) => boolean },
): Promise<void> {
  const files: { readonly path: string; readonly sizeBytes: number; readonly usedMs: number }[] = [];
  for (const name of await listIfThere(folder)) {
    const facts = await lstatIfThere(join(folder, name));
    if (facts?.isFile() === true) files.push({ path: join(folder, name), sizeBytes: facts.size, usedMs: facts.mtimeMs });
  }
  let sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  for (const file of files.toSorted((a, b) => a.usedMs - b.usedMs)) {
    if (sizeBytes <= options.maxBytes) return;
    if (options.isInUse(file.path.replace(PARTIAL, ''))) continue;
    await rm(file.path, { force: true });
    sizeBytes -= file.sizeBytes;
  }
}

export async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

async function lstatIfThere(path: string): Promise<Stats | null> {
  return await lstat(path).catch((error: unknown) => passMissing(error, null));
}

async function listIfThere(folder: string): Promise<readonly string[]> {
  return await readdir(folder).catch((error: unknown) => passMissing(error, []));
}

function passMissing<T>(error: unknown, instead: T): T {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return instead;
  throw error;
}
