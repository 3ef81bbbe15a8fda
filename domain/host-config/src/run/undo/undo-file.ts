import { OpsError } from '@breakwater/kernel';
import type { SavedFile, UndoRecord } from '../../plan/undo.ts';
import { readSavedFile, sameSavedFile } from '../../resources/file/saved-file.ts';
import type { UndoContext } from './undo.ts';

type FileUndo = Extract<UndoRecord, { readonly kind: 'file' }>;

/** Puts a file, link or directory back as it was, bytes, mode, owner and time. */
export async function undoFile(record: FileUndo, context: UndoContext): Promise<void> {
  const { after, before, path } = record;
  const now = await readSavedFile(path, context);
  if (sameSavedFile(now, before)) return await restoreTime(record, context);
  if (context.whenChanged === 'refuse' && !sameSavedFile(now, after)) throw conflict(path);
  if (before === null) return await remove(path, now, context);
  if (now?.kind === 'file' && before.kind === 'file' && now.sha256 === before.sha256) {
    return await context.host.files.setAttributes(path, before);
  }
  await putBack(path, before, context);
}

async function remove(path: string, now: SavedFile | null, { host }: UndoContext): Promise<void> {
  if (now?.kind !== 'directory') return await host.files.remove(path);
  // Others may have put something in since; what is not ours stays.
  await host.files.removeDirectory(path);
}

async function putBack(path: string, before: SavedFile, context: UndoContext): Promise<void> {
  const { files } = context.host;
  switch (before.kind) {
    case 'directory':
      return await files.makeDirectory(path, before);
    case 'link':
      await files.remove(path);
      return await files.makeLink(path, before.target ?? '');
    case 'file':
      return await files.write(path, await context.readBytes(before.sha256 ?? ''), before);
  }
}

/** Content and owner are as before, though perhaps written anew: only the time is left to put back. */
async function restoreTime({ before, path }: FileUndo, { host }: UndoContext): Promise<void> {
  if (before?.kind === 'file') await host.files.setAttributes(path, { mtimeMs: before.mtimeMs });
}

function conflict(path: string): OpsError {
  return new OpsError({
    code: 'HOST_UNDO_CONFLICT',
    message: `${path} has been changed by somebody else since the run; it is left as it is.`,
    details: { path, hint: 'Look at the difference, then put it back by hand or with --force.' },
  });
}
