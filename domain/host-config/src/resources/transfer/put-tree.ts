import type { ApplyContext, StepContext } from '../../plan/step.ts';

/** Where something is made ready: in the same folder, so that a rename brings it into place. */
export function toStagingPath(path: string): string {
  const slash = path.lastIndexOf('/');
  return `${path.slice(0, slash)}/.${path.slice(slash + 1)}.vpscfg-new`;
}

/** A free, hidden place for staging, with a record that removes what a run leaves there when it is cut down. */
export async function clearStaging(path: string, context: ApplyContext): Promise<string> {
  const staging = toStagingPath(path);
  await removeWhole(staging, context);
  const done = await context.record({ kind: 'tree.created', path: staging });
  await done();
  return staging;
}

/** Renames the staged tree or file to its place; what was there waits beside it, hidden, for a rollback. */
export async function putStaged(
  place: { readonly path: string; readonly staging: string; readonly commit?: string },
  context: ApplyContext,
): Promise<void> {
  const { commit, path, staging } = place;
  const { files } = context.host;
  if ((await files.stat(path)) === null) {
    const done = await context.record({ kind: 'tree.created', path, ...(commit === undefined ? {} : { commit }) });
    await files.rename(staging, path);
    return await done();
  }
  const keptAt = await findFreeName(path, context);
  const done = await context.record({ kind: 'tree.replaced', path, keptAt, ...(commit === undefined ? {} : { commit }) });
  await files.rename(path, keptAt);
  await files.rename(staging, path);
  await done();
}

export async function removeWhole(path: string, { host }: StepContext): Promise<void> {
  const facts = await host.files.stat(path);
  if (facts?.kind === 'directory') await host.files.removeTree(path);
  else if (facts !== null) await host.files.remove(path);
}

async function findFreeName(path: string, { host }: ApplyContext): Promise<string> {
  const slash = path.lastIndexOf('/');
  const base = `${path.slice(0, slash)}/.${path.slice(slash + 1)}.vpscfg-old`;
  for (let number = 1; ; number++) {
    const name = `${base}-${number}`;
    if ((await host.files.stat(name)) === null) return name;
  }
}
