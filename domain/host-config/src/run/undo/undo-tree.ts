import { OpsError } from '@breakwater/kernel';
import type { UndoRecord } from '../../plan/undo.ts';
import { findWork } from '../../resources/transfer/find-work.ts';
import { removeWhole } from '../../resources/transfer/put-tree.ts';
import type { UndoContext } from './undo.ts';

type Created = Extract<UndoRecord, { readonly kind: 'tree.created' }>;
type Replaced = Extract<UndoRecord, { readonly kind: 'tree.replaced' }>;

/** A checkout in which somebody has worked since is theirs. */
export async function undoTreeCreated(record: Created, context: UndoContext): Promise<void> {
  await refuseWork(record, context);
  await removeWhole(record.path, context);
}

/** The old tree waits beside the new one; when it does not, it has been put back already. */
export async function undoTreeReplaced(record: Replaced, context: UndoContext): Promise<void> {
  const { keptAt, path } = record;
  if ((await context.host.files.stat(keptAt)) === null) return;
  await refuseWork(record, context);
  await removeWhole(path, context);
  await context.host.files.rename(keptAt, path);
}

async function refuseWork({ commit, path }: Created | Replaced, context: UndoContext): Promise<void> {
  if (commit === undefined || context.whenChanged === 'overwrite') return;
  const work = await findWork({ path, commit }, context);
  if (work === null) return;
  throw new OpsError({
    code: 'HOST_UNDO_CONFLICT',
    message: `${path} has ${work} that this run has not made; it is left as it is.`,
    details: { path, hint: 'Keep that work elsewhere, then remove the checkout by hand or with --force.' },
  });
}
