import { OpsError } from '@breakwater/kernel';
import type { ApplyContext } from '../../plan/step.ts';
import type { SavedFile } from '../../plan/undo.ts';
import { MAX_KEPT_BYTES } from './saved-file.ts';

/** Keeps the bytes of what is about to be replaced and writes the record that puts it back. Resolves to what marks the change as done. */
export async function saveForUndo(
  change: { readonly path: string; readonly before: SavedFile | null; readonly after: SavedFile | null },
  context: ApplyContext,
): Promise<() => Promise<void>> {
  const { before, path } = change;
  if (before?.kind === 'file') {
    const content = await context.host.files.read(path, { maxBytes: MAX_KEPT_BYTES });
    const kept = content === null ? null : await context.keepBytes(content);
    if (kept !== before.sha256) {
      throw new OpsError({
        code: 'HOST_FILE_MOVED',
        message: `${path} was changed while it was being looked at; nothing was done.`,
        details: { path },
      });
    }
  }
  return await context.record({ kind: 'file', ...change });
}

export function describeMode({ gid, mode, uid }: { readonly mode: number; readonly uid: number; readonly gid: number }): string {
  return `${(mode & 0o7777).toString(8).padStart(4, '0')} ${uid}:${gid}`;
}
