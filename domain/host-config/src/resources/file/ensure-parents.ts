import { OpsError } from '@breakwater/kernel';
import type { ApplyContext } from '../../plan/step.ts';
import type { SavedFile } from '../../plan/undo.ts';

const DIRECTORY: SavedFile = { kind: 'directory', mode: 0o755, uid: 0, gid: 0, mtimeMs: 0, sha256: null, target: null };

/** Makes the folders above `path` that are missing, each with a record of its own, so that a rollback removes exactly those. */
export async function ensureParents(path: string, context: ApplyContext): Promise<void> {
  const names = path.split('/').slice(1, -1);
  for (const [index] of names.entries()) {
    const folder = `/${names.slice(0, index + 1).join('/')}`;
    const facts = await context.host.files.stat(folder);
    // A link to a folder is a folder to whatever uses it: /bin on Debian.
    if (facts?.kind === 'directory' || facts?.kind === 'link') continue;
    if (facts !== null) {
      throw new OpsError({ code: 'HOST_FILE_KIND', message: `${folder} is not a directory.`, details: { path: folder } });
    }
    const done = await context.record({ kind: 'file', path: folder, before: null, after: DIRECTORY });
    await context.host.files.makeDirectory(folder, DIRECTORY);
    await done();
  }
}
