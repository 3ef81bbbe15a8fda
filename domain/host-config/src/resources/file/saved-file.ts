import { OpsError } from '@breakwater/kernel';
import type { StepContext } from '../../plan/step.ts';
import type { SavedFile } from '../../plan/undo.ts';
import { runChecked } from '../command/run-checked.ts';

/** What is larger is no configuration file, and is not kept for an undo. */
export const MAX_KEPT_BYTES = 8 * 1_024 * 1_024;
const HASH_TIMEOUT_MS = 120_000;

/** What is at `path` now, with the hash of its content; null when nothing is there. */
export async function readSavedFile(path: string, context: Pick<StepContext, 'host' | 'signal'>): Promise<SavedFile | null> {
  const facts = await context.host.files.stat(path);
  if (facts === null) return null;
  const { gid, kind, mode, mtimeMs, target, uid } = facts;
  if (kind === 'other') {
    throw new OpsError({ code: 'HOST_FILE_KIND', message: `${path} is neither a file, a directory nor a link.`, details: { path } });
  }
  const sha256 = kind === 'file' ? await hashFile({ path, sizeBytes: facts.sizeBytes }, context) : null;
  return { kind, mode, uid, gid, mtimeMs, target, sha256 };
}

/** What is too large to be brought here is hashed on the host. */
async function hashFile(
  file: { readonly path: string; readonly sizeBytes: number },
  context: Pick<StepContext, 'host' | 'signal'>,
): Promise<string | null> {
  if (file.sizeBytes <= MAX_KEPT_BYTES) {
    const content = await context.host.files.read(file.path, { maxBytes: MAX_KEPT_BYTES });
    return content === null ? null : await hashBytes(content);
  }
  const failure = { code: 'HOST_FILE_FAILED', message: `${file.path} could not be read` };
  const { stdout } = await runChecked({ argv: ['sha256sum', '--', file.path], timeoutMs: HASH_TIMEOUT_MS }, context, failure);
  // A name with a backslash or a line break is quoted by a leading backslash.
  return /^\\?([0-9a-f]{64}) /.exec(stdout)?.[1] ?? null;
}

/** Alike in everything but the time, which a rewrite of the same bytes changes too. */
export function sameSavedFile(a: SavedFile | null, b: SavedFile | null): boolean {
  if (a === null || b === null) return a === b;
  if (a.kind !== b.kind || a.target !== b.target || a.sha256 !== b.sha256) return false;
  return a.kind === 'link' || (a.mode === b.mode && a.uid === b.uid && a.gid === b.gid);
}

export async function hashBytes(content: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', Uint8Array.from(content));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
