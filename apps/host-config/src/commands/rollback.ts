import { planRollback, type RunRecord, recordRollback, toRollbackError } from '@breakwater/host-config';
import { type Clock, OpsError } from '@breakwater/kernel';
import { askForConsent } from '../ask-for-consent.ts';
import { type Console, toPrintable } from '../console.ts';
import { EXIT } from '../exit-codes.ts';
import type { Session } from '../open-session.ts';
import type { OpenedRuns } from '../parts.ts';
import { count } from '../plan-text.ts';
import type { ProgressView } from '../progress-view.ts';

export interface RollbackFlags {
  readonly run: string | null;
  readonly module: readonly string[];
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly force: boolean;
}

export interface RollbackRoom {
  readonly console: Console;
  readonly session: Session;
  readonly runs: OpenedRuns;
  readonly clock: Clock;
  readonly view: ProgressView;
  readonly ask: (question: string) => Promise<string | null>;
}

/** Takes a run back, newest change first. */
export async function rollBackRun(flags: RollbackFlags, room: RollbackRoom): Promise<number> {
  const { clock, console, runs, session, view } = room;
  const record = await findRun(flags.run, room);
  const chosen = flags.module.length === 0 ? {} : { modules: flags.module };
  const { entries } = planRollback(record.journal, chosen.modules);
  console.record({
    kind: 'rollback.planned',
    runId: record.runId,
    entries: entries.map(({ seq, stepId, title, isDone }) => ({ seq, stepId, title, isDone })),
  });
  for (const { stepId, title } of entries) console.print(`< ${stepId}: ${toPrintable(title)}`);
  if (entries.length === 0) console.print(`Run ${record.runId} has left nothing to take back.`);
  if (entries.length === 0 || flags.dryRun) return EXIT.ok;
  await askForConsent(`Take back ${count(entries.length, 'change')} of run ${record.runId}?`, { isGiven: flags.yes, ask: room.ask });
  const run = await runs.reopen(record.runId, 'rollback');
  try {
    const report = await recordRollback({
      run,
      context: session.context,
      clock,
      steps: record.report?.steps ?? [],
      ...chosen,
      whenChanged: flags.force ? 'overwrite' : 'refuse',
      onEvent: (event) => view.show(event),
    });
    view.close();
    console.record({ kind: 'rollback.ended', runId: record.runId, undone: report.undone.length, failed: report.failed });
    if (report.failed.length > 0) throw toRollbackError(report);
    console.print(console.paint('good', `${count(report.undone.length, 'change')} taken back.`));
    return EXIT.ok;
  } finally {
    view.close();
  }
}

async function findRun(runId: string | null, { runs, session }: RollbackRoom): Promise<RunRecord> {
  const { hostId } = session.host;
  const wanted = runId ?? (await runs.list({ hostId, limit: 20 })).find(({ end }) => end !== 'rolled-back')?.runId;
  const record = wanted === undefined ? null : await runs.read(wanted);
  if (record === null) {
    throw new OpsError({
      code: 'HOST_RUN_UNKNOWN',
      message:
        wanted === undefined
          ? 'No run on this host can be taken back.'
          : `There is no run "${wanted.slice(0, 60)}". "vps-configurator history" lists them.`,
    });
  }
  if (record.hostId === hostId) return record;
  throw new OpsError({
    code: 'HOST_USAGE_OTHER_HOST',
    message: `Run ${record.runId} was on ${record.hostId}, and this is ${hostId}. Name that host with --host or --root.`,
  });
}
