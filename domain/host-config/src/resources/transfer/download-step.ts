import { OpsError } from '@breakwater/kernel';
import type { ApplyContext, Step, StepContext } from '../../plan/step.ts';
import type { SavedFile } from '../../plan/undo.ts';
import type { FileAttributes } from '../../ports/host-executor.ts';
import { ensureParents } from '../file/ensure-parents.ts';
import { describeMode, saveForUndo } from '../file/keep-file.ts';
import { MAX_KEPT_BYTES, readSavedFile } from '../file/saved-file.ts';
import { toNetworkError } from './network-error.ts';
import { clearStaging, putStaged } from './put-tree.ts';

export interface DownloadStepOptions {
  /** The same file at several places. */
  readonly urls: readonly [string, ...string[]];
  readonly path: string;
  /** Lower-case hexadecimal. Null only where a person wrote `unverified: true`; then whatever is there already counts. */
  readonly sha256: string | null;
  /** Default 0o644, root. */
  readonly attributes?: Partial<FileAttributes>;
  /** Of the first URL, for the lane. */
  readonly service: string;
  readonly isOptional?: boolean;
}

/** A file from the network. It comes to its place only whole and with the right hash. */
export function createDownloadStep(options: DownloadStepOptions): Step {
  const { path, service, urls } = options;
  const attributes = { mode: 0o644, uid: 0, gid: 0, ...options.attributes };
  return {
    id: `download:${path}`,
    title: `Download ${path}`,
    lane: { kind: 'service', service },
    ...(options.isOptional === true ? { isOptional: true } : {}),
    async plan(context) {
      const before = await read(path, context);
      if (!hasContent(before, options)) {
        return {
          summary: `download ${urls[0]} to ${path}`,
          details: [{ kind: 'download', url: urls[0], path }],
          dangers: [],
          fetches: [{ kind: 'download', urls, sha256: options.sha256 }],
        };
      }
      const [was, becomes] = [describeMode(before), describeMode(attributes)];
      if (was === becomes) return null;
      return { summary: `change ${path}`, details: [{ kind: 'attributes', path, before: was, after: becomes }], dangers: [] };
    },
    async apply(context) {
      const before = await read(path, context);
      if (hasContent(before, options)) {
        const done = await saveAttributes({ path, before, attributes }, context);
        await context.host.files.setAttributes(path, attributes);
        return await done();
      }
      await ensureParents(path, context);
      const staging = await fetchToStaging(options, context);
      await context.host.files.setAttributes(staging, attributes);
      await put({ path, before, staging, attributes }, context);
    },
  };
}

async function read(path: string, context: StepContext): Promise<SavedFile | null> {
  const before = await readSavedFile(path, context);
  if (before?.kind !== 'directory') return before;
  throw new OpsError({ code: 'HOST_FILE_KIND', message: `${path} is a directory; it is not replaced by a file.`, details: { path } });
}

function hasContent(before: SavedFile | null, { sha256 }: DownloadStepOptions): before is SavedFile {
  return before?.kind === 'file' && (sha256 === null || before.sha256 === sha256);
}

/** The hash is checked by the network layer before anything appears at the staging place, and once more by the step's second plan. */
export async function fetchToStaging(
  { path, sha256, urls }: Pick<DownloadStepOptions, 'path' | 'sha256' | 'urls'>,
  context: ApplyContext,
): Promise<string> {
  const staging = await clearStaging(path, context);
  const outcome = await context.network.downloadWithRetry({ urls, dest: staging, sha256 });
  if (!outcome.ok) throw toNetworkError(outcome, 'HOST_DOWNLOAD_FAILED');
  const staged = await readSavedFile(staging, context);
  if (sha256 === null || staged?.sha256 === sha256) return staging;
  await context.host.files.remove(staging);
  throw new OpsError({
    code: 'HOST_DOWNLOAD_HASH',
    message: `${urls[0]} has the SHA-256 ${staged?.sha256 ?? '(none)'} and not ${sha256}; nothing was put to ${path}.`,
    details: { failureClass: 'security', path, hint: 'Compare the hash with that of the publisher. Do not go on when it differs.' },
  });
}

/** With the bytes of what was there kept by the run, or beside it when it is too large for that. */
async function put(
  place: { readonly path: string; readonly before: SavedFile | null; readonly staging: string; readonly attributes: FileAttributes },
  context: ApplyContext,
): Promise<void> {
  const { attributes, before, path, staging } = place;
  const { files } = context.host;
  const facts = await files.stat(path);
  if (facts !== null && facts.sizeBytes > MAX_KEPT_BYTES) return await putStaged(place, context);
  const staged = await readSavedFile(staging, context);
  const after: SavedFile = { kind: 'file', ...attributes, mtimeMs: 0, target: null, sha256: staged?.sha256 ?? null };
  const done = await saveForUndo({ path, before, after }, context);
  await files.rename(staging, path);
  await done();
}

async function saveAttributes(
  change: { readonly path: string; readonly before: SavedFile; readonly attributes: FileAttributes },
  context: ApplyContext,
): Promise<() => Promise<void>> {
  const { attributes, before, path } = change;
  return await context.record({ kind: 'file', path, before, after: { ...before, ...attributes } });
}
