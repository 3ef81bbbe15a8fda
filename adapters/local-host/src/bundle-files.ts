import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  type BundleBlob,
  type BundleDoor,
  type BundleDraft,
  type BundleManifest,
  createBundleError,
  listBlobs,
  type OpenBundleOptions,
  type OpenedBundle,
} from '@breakwater/host-config';
import { OpsError } from '@breakwater/kernel';
import { pack } from 'tar-stream';
import { MANIFEST_NAME, readManifestOf, toBlobName, unpackBundle } from './bundle-reader.ts';
import { hashOf } from './download-cache.ts';

/** Bundles as tar files: the list of contents first, then each content under its hash. */
export function createBundleDoor(): BundleDoor {
  return { begin: beginBundle, readManifest: (path, { signal }) => readManifestOf(path, signal), open: openBundle };
}

async function beginBundle(path: string): Promise<BundleDraft> {
  const target = resolve(path);
  if (existsSync(target)) throw new OpsError({ code: 'HOST_USAGE_FILE', message: `${path} is there already; it is not replaced.` });
  // Beside the destination, where there must be room for it anyway, and a rename is enough at the end.
  const folder = await mkdtemp(join(dirname(target), `.${basename(target)}.`)).catch((error: unknown) => {
    throw toUsageError(path, error);
  });
  const blobs = join(folder, 'blobs');
  await mkdir(blobs, { mode: 0o700 });
  const pathOf = (sha256: string): string => join(blobs, sha256);
  return {
    folder,
    pathOf,
    async copy(localPath) {
      const temporary = join(folder, 'copy');
      await copyFile(localPath, temporary);
      const sha256 = await hashOf(temporary);
      await rename(temporary, pathOf(sha256));
      return { sha256, sizeBytes: (await stat(pathOf(sha256))).size };
    },
    async add(content) {
      const sha256 = createHash('sha256').update(content).digest('hex');
      await writeFile(pathOf(sha256), content, { mode: 0o600 });
      return { sha256, sizeBytes: content.length };
    },
    finish: (manifest, { signal }) => writeBundle({ folder, target, manifest, pathOf, signal }),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

async function writeBundle(order: {
  readonly folder: string;
  readonly target: string;
  readonly manifest: BundleManifest;
  readonly pathOf: (sha256: string) => string;
  readonly signal: AbortSignal;
}): Promise<BundleBlob> {
  const { folder, manifest, pathOf, signal, target } = order;
  const temporary = join(folder, 'bundle');
  const tar = pack();
  const written = pipeline(tar, createWriteStream(temporary, { mode: 0o600, flush: true }), { signal });
  const filled = (async () => {
    tar.entry({ name: MANIFEST_NAME, mode: 0o600 }, JSON.stringify(manifest));
    for (const { sha256, sizeBytes } of listBlobs(manifest).values()) {
      const entry = tar.entry({ name: toBlobName(sha256), size: sizeBytes, mode: 0o600 });
      await pipeline(createReadStream(pathOf(sha256)), entry, { signal });
    }
    tar.finalize();
  })();
  await Promise.all([written, filled]);
  const blob = { sha256: await hashOf(temporary), sizeBytes: (await stat(temporary)).size };
  await rename(temporary, target);
  await using parent = await open(dirname(target), 'r');
  await parent.sync();
  return blob;
}

async function openBundle(path: string, { folder, sha256, signal }: OpenBundleOptions): Promise<OpenedBundle> {
  if (sha256 !== null) await requireHash(path, sha256);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const place = await mkdtemp(join(folder, 'bundle-'));
  const close = (): Promise<void> => rm(place, { recursive: true, force: true });
  try {
    const manifest = await unpackBundle(path, { place, signal });
    return { manifest, pathOf: (hash) => join(place, hash), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function requireHash(path: string, sha256: string): Promise<void> {
  const found = await hashOf(path).catch((error: unknown) => {
    throw toUsageError(path, error);
  });
  if (found === sha256.toLowerCase()) return;
  throw createBundleError('HOST_PREFLIGHT_BUNDLE_DAMAGED', `${path} has the SHA-256 ${found} and not ${sha256.toLowerCase()}`);
}

function toUsageError(path: string, error: unknown): OpsError {
  const why = error instanceof Error ? error.message : String(error);
  return new OpsError({ code: 'HOST_USAGE_FILE', message: `${path} cannot be read or written: ${why}`, cause: error });
}
