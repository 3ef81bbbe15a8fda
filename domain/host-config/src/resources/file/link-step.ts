import { OpsError } from '@breakwater/kernel';
import type { Step } from '../../plan/step.ts';
import type { SavedFile } from '../../plan/undo.ts';
import { ensureParents } from './ensure-parents.ts';
import { saveForUndo } from './keep-file.ts';
import { readSavedFile } from './saved-file.ts';

export interface LinkStepOptions {
  readonly path: string;
  readonly target: string;
}

/** A symbolic link; a file in its place is put aside for an undo, a directory is never replaced. */
export function createLinkStep({ path, target }: LinkStepOptions): Step {
  const after: SavedFile = { kind: 'link', mode: 0o777, uid: 0, gid: 0, mtimeMs: 0, sha256: null, target };
  return {
    id: `link:${path}`,
    title: `Link ${path} to ${target}`,
    lane: { kind: 'local' },
    async plan(context) {
      const before = await readSavedFile(path, context);
      if (before?.kind === 'link' && before.target === target) return null;
      if (before?.kind === 'directory') {
        throw new OpsError({ code: 'HOST_FILE_KIND', message: `${path} is a directory; it is not replaced by a link.`, details: { path } });
      }
      const action = before === null ? 'create' : 'change';
      return { summary: `link ${path} → ${target}`, details: [{ kind: 'file', path, action, diff: `-> ${target}` }], dangers: [] };
    },
    async apply(context) {
      const before = await readSavedFile(path, context);
      await ensureParents(path, context);
      const done = await saveForUndo({ path, before, after }, context);
      await context.host.files.remove(path);
      await context.host.files.makeLink(path, target);
      await done();
    },
  };
}
