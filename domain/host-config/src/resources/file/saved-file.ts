import { OpsError } from '@breakwater/kernel';
import type { SavedFile } from '../../plan/undo.ts';
import type { HostExecutor } from '../../ports/host-executor.ts';

/** What is larger is no configuration file, and is not kept for an undo. */
export const MAX_KEPT_BYTES = 8 * 1_024 * 1_024;

/** What is at `path` now, with the hash of its content; null when nothing is there. */
export async function readSavedFile(host: HostExecutor, path: string): Promise<SavedFile | null> {
  const facts = await host.files.stat(path);
  if (facts === null) return null;
  const { gid, kind, mode, mtimeMs, target, uid } = facts;
  if (kind === 'other') {
    throw new OpsError({ code: 'HOST_FILE_KIND', message: `${path} is neither a file, a directory nor a link.`, details: { path } });
  }
  const content = kind === 'file' ? await host.files.read(path, { maxBytes: MAX_KEPT_BYTES }) : null;
  return { kind, mode, uid, gid, mtimeMs, target, sha256: content === null ? null : await hashBytes(content) };
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
