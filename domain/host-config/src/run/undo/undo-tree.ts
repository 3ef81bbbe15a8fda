import type { UndoContext } from './undo.ts';

export async function undoTreeCreated(path: string, { host }: UndoContext): Promise<void> {
  if ((await host.files.stat(path)) !== null) await host.files.removeTree(path);
}

/** The old tree waits beside the new one; when it does not, it has been put back already. */
export async function undoTreeReplaced(
  { keptAt, path }: { readonly path: string; readonly keptAt: string },
  { host }: UndoContext,
): Promise<void> {
  if ((await host.files.stat(keptAt)) === null) return;
  if ((await host.files.stat(path)) !== null) await host.files.removeTree(path);
  await host.files.rename(keptAt, path);
}
