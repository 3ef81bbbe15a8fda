import type { UndoRecord } from '../../plan/undo.ts';
import { findAccount, findGroup } from '../../resources/account/read-accounts.ts';
import { runChecked } from '../../resources/command/run-checked.ts';
import type { UndoContext } from './undo.ts';

const TIMEOUT_MS = 60_000;

type UserChanged = Extract<UndoRecord, { readonly kind: 'user.changed' }>;

/** With the home that came with the user: what the run put in there has been taken back before. */
export async function undoUserCreated(name: string, context: UndoContext): Promise<void> {
  if ((await findAccount(name, context)) === null) return;
  await run(['userdel', '--remove', name], context);
}

export async function undoUserChanged({ groups, name, passwdLine }: UserChanged, context: UndoContext): Promise<void> {
  const now = await findAccount(name, context);
  if (now === null) return;
  const [, , uid = '', , comment = '', home = '', shell = ''] = passwdLine.split(':');
  if (now.passwdLine !== passwdLine) await run(['usermod', '-u', uid, '-c', comment, '-d', home, '-s', shell, name], context);
  await run(['usermod', '-G', groups.join(','), name], context);
}

export async function undoGroupCreated(name: string, context: UndoContext): Promise<void> {
  if ((await findGroup(name, context)) !== null) await run(['groupdel', name], context);
}

async function run(argv: readonly [string, ...string[]], context: UndoContext): Promise<void> {
  await runChecked({ argv, timeoutMs: TIMEOUT_MS }, context, { code: 'HOST_UNDO_FAILED', message: `"${argv.join(' ')}" failed` });
}
