import type { StepContext } from '../../plan/step.ts';
import type { UndoRecord } from '../../plan/undo.ts';
import { undoGroupCreated, undoUserChanged, undoUserCreated } from './undo-account.ts';
import { undoCommand } from './undo-command.ts';
import { undoDebconf } from './undo-debconf.ts';
import { undoFile } from './undo-file.ts';
import { undoHeld, undoInstalled, undoRemoved, undoUpgraded } from './undo-packages.ts';
import { undoReloaded, undoService } from './undo-service.ts';
import { undoTreeCreated, undoTreeReplaced } from './undo-tree.ts';

export interface UndoContext extends StepContext {
  readBytes(sha256: string): Promise<Uint8Array>;
  readonly whenChanged: 'refuse' | 'overwrite';
}

/** Takes one change back. Done twice, or on a change that never happened, it does nothing. Throws `HOST_UNDO_CONFLICT` or `HOST_UNDO_FAILED`. */
export async function undo(record: UndoRecord, context: UndoContext): Promise<void> {
  switch (record.kind) {
    case 'file':
      return await undoFile(record, context);
    case 'packages.installed':
      return await undoInstalled(record, context);
    case 'packages.removed':
      return await undoRemoved(record, context);
    case 'packages.upgraded':
      return await undoUpgraded(record, context);
    case 'packages.held':
      return await undoHeld(record, context);
    case 'service.reloaded':
      return await undoReloaded(record, context);
    case 'service':
      return await undoService(record, context);
    case 'user.created':
      return await undoUserCreated(record.name, context);
    case 'user.changed':
      return await undoUserChanged(record, context);
    case 'group.created':
      return await undoGroupCreated(record.name, context);
    case 'tree.created':
      return await undoTreeCreated(record, context);
    case 'tree.replaced':
      return await undoTreeReplaced(record, context);
    case 'debconf':
      return await undoDebconf(record, context);
    case 'command':
      return await undoCommand(record, context);
  }
}

/** For people: what taking it back means. */
export function describeUndo(record: UndoRecord): string {
  switch (record.kind) {
    case 'file':
      return record.before === null ? `Remove ${record.path}` : `Put ${record.path} back`;
    case 'packages.installed':
      return `Remove ${record.names.join(', ')}`;
    case 'packages.removed':
      return `Install ${record.versions.map(({ name }) => name).join(', ')} again`;
    case 'packages.upgraded':
      return `Go back to ${record.versions.map(({ before, name }) => `${name} ${before}`).join(', ')}`;
    case 'packages.held':
      return `Mark ${record.name} as "${record.before}" again`;
    case 'service.reloaded':
      return `Let ${record.unit} read its files again`;
    case 'service':
      return `Put ${record.unit} back to ${record.enabledBefore ?? 'not enabled'}, ${record.activeBefore ?? 'not asked'}`;
    case 'user.created':
      return `Remove the user ${record.name} and its home`;
    case 'user.changed':
      return `Put the user ${record.name} back`;
    case 'group.created':
      return `Remove the group ${record.name}`;
    case 'tree.created':
      return `Remove ${record.path} and all below it`;
    case 'tree.replaced':
      return `Put ${record.path} back from ${record.keptAt}`;
    case 'debconf':
      return `Put the answer to ${record.question} back`;
    case 'command':
      return record.title;
  }
}
