import type { UndoRecord } from '../../plan/undo.ts';
import { runChecked } from '../../resources/command/run-checked.ts';
import type { UndoContext } from './undo.ts';

type DebconfUndo = Extract<UndoRecord, { readonly kind: 'debconf' }>;

/** A question that had no answer before is forgotten. */
export async function undoDebconf({ before, owner, question, type }: DebconfUndo, context: UndoContext): Promise<void> {
  const failure = { code: 'HOST_UNDO_FAILED', message: `The answer to ${question} could not be put back` } as const;
  if (before === null) {
    await runChecked(
      { argv: ['debconf-communicate', owner], stdin: encode(`unregister ${question}\n`), timeoutMs: 30_000 },
      context,
      failure,
    );
    return;
  }
  const line = `${owner} ${question} ${type} ${before}\n`;
  await runChecked({ argv: ['debconf-set-selections'], stdin: encode(line), timeoutMs: 30_000 }, context, failure);
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
