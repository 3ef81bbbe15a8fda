import type { Operation } from '@breakwater/contract';
import type { ActJournal } from '@breakwater/fleet';
import { type Clock, formatInstant, OpsError, parseInstant } from '@breakwater/kernel';
import type { RunRecord, RunStore } from '../ports/run-store.ts';
import type { SetupRecord, SetupRepository } from '../ports/setup-repositories.ts';
import { type SetupEnd, toRunEnd, toThrownEnd } from './setup-ends.ts';
import { readStepReports } from './setup-view.ts';

export interface LeftSetupsRoom {
  readonly setups: SetupRepository;
  readonly runs: RunStore;
  readonly journal: ActJournal;
  readonly clock: Clock;
  readonly toHostId: (setup: SetupRecord) => string;
}

const INTERRUPTED = new OpsError({
  code: 'HOST_SETUP_INTERRUPTED',
  message: 'The portal ended while this was going on. What was done by then is listed; it can be resumed or taken back.',
});
const NOT_BEGUN = new OpsError({ code: 'HOST_SETUP_INTERRUPTED', message: 'The portal ended before anything was changed.' });

/** What a killed process left in the middle: what became of it stands in the journals of the runs. Nothing is sent to any host. */
export async function settleLeftSetups(room: LeftSetupsRoom): Promise<void> {
  const { clock, journal, setups } = room;
  const operations = new Map((await journal.listUnfinished()).map((operation) => [operation.id, operation]));
  for (const setup of await setups.listUnfinished()) {
    const operation = operations.get(setup.operation_id);
    operations.delete(setup.operation_id);
    const end = await settle(setup, room, operation);
    await setups.save({ ...setup, ...end.record, updated_at: formatInstant(clock.wall()) });
    if (operation !== undefined) await journal.end(operation, end.operation);
  }
  for (const operation of operations.values()) {
    await journal.end(operation, { state: 'canceled', errorCode: NOT_BEGUN.code, error: NOT_BEGUN.message });
  }
}

async function settle(setup: SetupRecord, room: LeftSetupsRoom, operation: Operation | undefined): Promise<SetupEnd> {
  const { act } = setup;
  if (act === 'plan') return toThrownEnd(NOT_BEGUN, { act, stateBefore: 'planning', hasBegun: false });
  const run = await findRun(setup, room);
  // It still waited for its turn, or for the host.
  if (run === null || operation?.state === 'queued') {
    const stateBefore = act === 'apply' ? 'planned' : 'interrupted';
    return withRun(toThrownEnd(NOT_BEGUN, { act, stateBefore, hasBegun: false }), { setup, run, operation: 'canceled' });
  }
  // The end of the run was written, and only our own note of it was not.
  const isOver = run.report !== null && run.report.endedAtMs >= beginOf(setup);
  if (isOver && run.report !== null) return withRun(toRunEnd(run.report, INTERRUPTED), { setup, run });
  return withRun(toThrownEnd(INTERRUPTED, { act, stateBefore: 'interrupted', hasBegun: true }), { setup, run });
}

function withRun(
  end: SetupEnd,
  { operation, run, setup }: { readonly setup: SetupRecord; readonly run: RunRecord | null; readonly operation?: 'canceled' },
): SetupEnd {
  const steps = run === null ? setup.steps : readStepReports(run.journal, setup.plan);
  return {
    record: { steps, ...end.record, run_id: run?.runId ?? setup.run_id },
    operation: operation === undefined ? end.operation : { ...end.operation, state: operation },
  };
}

/** The process may have died between the beginning of a run and our note of it. */
async function findRun(setup: SetupRecord, { runs, toHostId }: LeftSetupsRoom): Promise<RunRecord | null> {
  if (setup.run_id !== null) return await runs.read(setup.run_id);
  const [last] = await runs.list({ hostId: toHostId(setup), limit: 1 });
  return last === undefined || last.startedAtMs < beginOf(setup) ? null : await runs.read(last.runId);
}

/** Of the act that was under way: that was the last time that the set-up changed. */
const beginOf = ({ updated_at: at }: SetupRecord): number => parseInstant(at) ?? 0;
