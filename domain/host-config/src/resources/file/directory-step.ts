import type { Step } from '../../plan/step.ts';
import type { SavedFile } from '../../plan/undo.ts';
import type { FileAttributes } from '../../ports/host-executor.ts';
import { ensureParents } from './ensure-parents.ts';
import { describeMode, saveForUndo } from './keep-file.ts';
import { readSavedFile, sameSavedFile } from './saved-file.ts';

export interface DirectoryStepOptions {
  readonly path: string;
  /** Default 0o755, root. */
  readonly attributes?: Partial<FileAttributes>;
}

/** A directory with this mode and owner; what is in it is left alone. */
export function createDirectoryStep({ attributes, path }: DirectoryStepOptions): Step {
  const wanted: SavedFile = { kind: 'directory', mode: 0o755, uid: 0, gid: 0, mtimeMs: 0, sha256: null, target: null, ...attributes };
  return {
    id: `directory:${path}`,
    title: `Make the folder ${path}`,
    lane: { kind: 'local' },
    async plan(context) {
      const before = await readSavedFile(path, context);
      if (sameSavedFile(before, wanted)) return null;
      if (before === null)
        return { summary: `create ${path}/`, details: [{ kind: 'file', path, action: 'create', diff: '' }], dangers: [] };
      const detail = { kind: 'attributes', path, before: describeMode(before), after: describeMode(wanted) } as const;
      return { summary: `change ${path}/`, details: [detail], dangers: [] };
    },
    async apply(context) {
      const before = await readSavedFile(path, context);
      await ensureParents(path, context);
      const done = await saveForUndo({ path, before, after: wanted }, context);
      await context.host.files.makeDirectory(path, wanted);
      await done();
    },
  };
}
