import { type Clock, OpsError, toOpsError } from '@breakwater/kernel';
import type { StepContext } from '../plan/step.ts';
import type { UndoRecord } from '../plan/undo.ts';
import type { JournalEntry, OpenRun } from '../ports/run-store.ts';
import type { HostEventListener } from './host-event.ts';
import { describeUndo, undo } from './undo/undo.ts';

export interface RollBackOptions {
  readonly run: OpenRun;
  readonly context: StepContext;
  readonly clock: Clock;
  /** Only what these modules have done. */
  readonly modules?: readonly string[];
  /** Puts back also what somebody else has changed since. */
  readonly whenChanged: 'refuse' | 'overwrite';
  readonly onEvent: HostEventListener;
}

export interface RollbackPlan {
  /** In the order in which they are taken back: the newest first, and services read their files again last. */
  readonly entries: readonly PendingUndo[];
}

export interface PendingUndo {
  readonly seq: number;
  readonly stepId: string;
  readonly title: string;
  readonly undo: UndoRecord;
  /** False: the process ended between the record and the change, so perhaps there is nothing to take back. */
  readonly isDone: boolean;
}

export interface RollbackReport {
  readonly undone: readonly number[];
  readonly failed: readonly { readonly seq: number; readonly title: string; readonly code: string; readonly text: string }[];
}

/** What a rollback of this journal would take back. */
export function planRollback(journal: readonly JournalEntry[], modules?: readonly string[]): RollbackPlan {
  const undone = new Set<number>();
  const done = new Set<number>();
  for (const entry of journal) {
    if (entry.kind === 'undone') undone.add(entry.seq);
    if (entry.kind === 'undo.done') done.add(entry.seq);
  }
  const entries = journal
    .flatMap((entry) => (entry.kind === 'undo' && !undone.has(entry.seq) ? [entry] : []))
    .filter(({ stepId }) => modules === undefined || modules.includes(stepId.slice(0, stepId.indexOf('/'))))
    .toSorted((a, b) => Number(isReload(a.undo)) - Number(isReload(b.undo)) || b.seq - a.seq)
    .map(({ seq, stepId, undo: record }) => ({ seq, stepId, title: describeUndo(record), undo: record, isDone: done.has(seq) }));
  return { entries };
}

/** A service reads its files again only when all of them are back. */
const isReload = ({ kind }: UndoRecord): boolean => kind === 'service.reloaded';

/** Takes a run back, newest change first; each entry that is taken back is marked, so that a rollback can be resumed like a run. */
export async function rollBack(options: RollBackOptions): Promise<RollbackReport> {
  const { clock, context, onEvent, run } = options;
  const undone: number[] = [];
  const failed: RollbackReport['failed'][number][] = [];
  for (const entry of planRollback(run.journal, options.modules).entries) {
    const { seq, stepId, title } = entry;
    context.signal.throwIfAborted();
    onEvent({ kind: 'undo.started', stepId, title });
    try {
      await undo(entry.undo, { ...context, readBytes: (sha256) => run.readBytes(sha256), whenChanged: options.whenChanged });
      await run.append({ kind: 'undone', seq, atMs: clock.wall() });
      undone.push(seq);
      onEvent({ kind: 'undo.ended', stepId, title, problem: null });
    } catch (error) {
      context.signal.throwIfAborted();
      const { code, message } = toOpsError(error, { code: 'HOST_UNDO_FAILED' });
      failed.push({ seq, title, code, text: message });
      onEvent({ kind: 'undo.ended', stepId, title, problem: message });
    }
  }
  return { undone, failed };
}

/** For those who want one error out of a rollback that did not go through. */
export function toRollbackError(report: RollbackReport): OpsError {
  const lines = report.failed.map(({ text, title }) => `  - ${title}: ${text}`);
  return new OpsError({
    code: 'HOST_ROLLBACK_INCOMPLETE',
    message: `${report.failed.length} of ${report.failed.length + report.undone.length} changes could not be taken back:\n${lines.join('\n')}`,
    details: { failed: report.failed.length },
  });
}
