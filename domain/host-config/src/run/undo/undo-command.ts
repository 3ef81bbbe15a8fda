import type { UndoRecord } from '../../plan/undo.ts';
import { runChecked, toExitCode } from '../../resources/command/run-checked.ts';
import type { UndoContext } from './undo.ts';

type CommandUndo = Extract<UndoRecord, { readonly kind: 'command' }>;

const TIMEOUT_MS = 60_000;

export async function undoCommand({ argv, onlyIf, title }: CommandUndo, context: UndoContext): Promise<void> {
  if (onlyIf !== undefined) {
    const result = await context.host.run({ argv: onlyIf, timeoutMs: TIMEOUT_MS }, { signal: context.signal });
    if (toExitCode(result) !== 0) return;
  }
  await runChecked({ argv, timeoutMs: TIMEOUT_MS }, context, { code: 'HOST_UNDO_FAILED', message: `${title} failed` });
}
