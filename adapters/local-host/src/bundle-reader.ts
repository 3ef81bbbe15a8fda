import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type BundleBlob,
  type BundleManifest,
  createBundleError,
  listBlobs,
  MAX_MANIFEST_BYTES,
  parseBundleManifest,
} from '@breakwater/host-config';
import { isOpsError, OpsError } from '@breakwater/kernel';
import { extract } from 'tar-stream';

type Entry = ReturnType<typeof extract> extends AsyncIterable<infer E> ? E : never;

export const MANIFEST_NAME = 'manifest.json';
export const toBlobName = (sha256: string): string => `blobs/${sha256}`;

/** tar rounds each entry up and adds a header to it. */
const BLOCK_BYTES = 512;

/** Reads the list of contents, which comes first, and leaves the rest. */
export async function readManifestOf(path: string, signal: AbortSignal): Promise<BundleManifest> {
  return await readEntries(path, signal, async (entries) => {
    for await (const entry of entries) return await readManifest(entry, (await stat(path)).size);
    throw createBundleError('HOST_USAGE_BUNDLE', `${path} is no bundle: it is empty`);
  });
}

/**
 * Unpacks the contents by their hashes into `place`. Names of the file never become paths: an entry is either one that the list of contents names, or
 * the end of it all.
 */
export async function unpackBundle(
  path: string,
  { place, signal }: { readonly place: string; readonly signal: AbortSignal },
): Promise<BundleManifest> {
  return await readEntries(path, signal, async (entries) => {
    let manifest: BundleManifest | null = null;
    let left = new Map<string, BundleBlob>();
    for await (const entry of entries) {
      if (manifest === null) {
        manifest = await readManifest(entry, (await stat(path)).size);
        left = new Map([...listBlobs(manifest).values()].map((blob) => [toBlobName(blob.sha256), blob]));
        await requireSpace(place, left);
      } else {
        await unpackBlob(entry, { place, left });
      }
    }
    if (manifest === null) throw createBundleError('HOST_USAGE_BUNDLE', `${path} is no bundle: it is empty`);
    const [gone] = left.values();
    if (gone !== undefined) throw damaged(`${left.size} of its contents are not in it, ${gone.sha256} for one`);
    return manifest;
  });
}

async function readEntries<T>(path: string, signal: AbortSignal, read: (entries: AsyncIterable<Entry>) => Promise<T>): Promise<T> {
  const source = createReadStream(path, { signal });
  const entries = extract();
  source.on('error', (error) => entries.destroy(error));
  source.pipe(entries);
  try {
    return await read(entries);
  } catch (error) {
    signal.throwIfAborted();
    if (isOpsError(error)) throw error;
    if (error instanceof Error && 'syscall' in error) {
      throw new OpsError({ code: 'HOST_USAGE_FILE', message: `${path} cannot be read: ${error.message}`, cause: error });
    }
    // What is left are the words of the tar reader: no header, an early end.
    throw createBundleError(
      'HOST_PREFLIGHT_BUNDLE_DAMAGED',
      `${path} is damaged or no bundle (${error instanceof Error ? error.message : String(error)})`,
      error,
    );
  } finally {
    source.destroy();
    entries.destroy();
  }
}

async function readManifest(entry: Entry, fileBytes: number): Promise<BundleManifest> {
  const { name, size, type } = entry.header;
  if (name !== MANIFEST_NAME || type !== 'file')
    throw createBundleError('HOST_USAGE_BUNDLE', 'It is no bundle: the first file in it is not its list of contents');
  if (size > MAX_MANIFEST_BYTES) throw refused(`its list of contents has ${size} bytes`);
  const chunks: Buffer[] = [];
  for await (const chunk of entry) chunks.push(chunk as Buffer);
  const manifest = parseBundleManifest(Buffer.concat(chunks));
  // A sum that the file cannot hold would fill the disk with what sparse entries and the like make of it.
  const total = [...listBlobs(manifest).values()].reduce((sum, { sizeBytes }) => sum + sizeBytes + BLOCK_BYTES, 0);
  if (total > fileBytes) throw damaged('it is shorter than what it lists');
  return manifest;
}

async function unpackBlob(
  entry: Entry,
  { left, place }: { readonly left: Map<string, BundleBlob>; readonly place: string },
): Promise<void> {
  const { name, size, type } = entry.header;
  if (type !== 'file') throw refused(`"${toShort(name)}" is a ${type ?? 'thing'} and no file`);
  const blob = left.get(name);
  if (blob === undefined) throw refused(`"${toShort(name)}" is not on its list of contents, or there twice`);
  left.delete(name);
  if (size !== blob.sizeBytes) throw damaged(`${blob.sha256} has ${size} bytes instead of ${blob.sizeBytes}`);
  const hash = createHash('sha256');
  await using file = await open(join(place, blob.sha256), 'wx', 0o600);
  for await (const chunk of entry) {
    hash.update(chunk as Buffer);
    await file.writeFile(chunk as Buffer);
  }
  const found = hash.digest('hex');
  if (found !== blob.sha256) throw damaged(`what should have the SHA-256 ${blob.sha256} has ${found}`);
}

async function requireSpace(place: string, blobs: ReadonlyMap<string, BundleBlob>): Promise<void> {
  const { bavail, bsize } = await statfs(place);
  const needed = [...blobs.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (needed > bavail * bsize) throw refused(`it needs ${Math.ceil(needed / 1_024 ** 2)} MiB, and there is not that much room in ${place}`);
}

const toShort = (name: string): string => name.slice(0, 100);
const damaged = (why: string): OpsError => createBundleError('HOST_PREFLIGHT_BUNDLE_DAMAGED', `The bundle is damaged: ${why}`);
const refused = (why: string): OpsError => createBundleError('HOST_PREFLIGHT_BUNDLE_REFUSED', `The bundle is refused: ${why}`);
