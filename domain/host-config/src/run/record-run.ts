import type { Clock } from '@breakwater/kernel';
import type { HostConfig } from '../config/host-config-schema.ts';
import type { PlannableModule } from '../plan/plannable-module.ts';
import type { StepContext } from '../plan/step.ts';
import type { OpenRun, RunReport } from '../ports/run-store.ts';
import { applyPlan } from './apply-plan.ts';
import type { HostEvent, HostEventListener } from './host-event.ts';
import { type RollbackReport, rollBack } from './roll-back.ts';

export interface RecordRunOptions {
  readonly run: OpenRun;
  readonly modules: readonly PlannableModule[];
  readonly config: HostConfig;
  readonly context: StepContext;
  readonly clock: Clock;
  readonly keepsGoing: boolean;
  readonly onEvent: HostEventListener;
}

export interface RecordedRun {
  readonly report: RunReport;
  /** Of the modules that failed, when the settings want that; null: nothing was taken back. */
  readonly takenBack: (RollbackReport & { readonly modules: readonly string[] }) | null;
}

/** Applies, takes back what failed if that is wanted, and writes the end down. A run that could not be brought to an end can be resumed. */
export async function recordRun(options: RecordRunOptions): Promise<RecordedRun> {
  const { clock, config, context, keepsGoing, modules, run } = options;
  const { installation, performance } = config;
  const onEvent = (event: HostEvent): void => {
    run.note({ at: clock.wall(), ...event });
    options.onEvent(event);
  };
  try {
    const steps = modules.reduce((sum, module) => sum + module.steps.length, 0);
    onEvent({ kind: 'run.started', runId: run.runId, hostId: context.host.hostId, steps });
    const maxWorkers = performance.parallel_execution ? performance.max_workers : 1;
    const report = await applyPlan({ modules, run, context, clock, maxWorkers, keepsGoing, onEvent });
    const isTakenBack = report.end === 'failed' && installation.auto_rollback_on_error;
    const takenBack = isTakenBack ? await takeBackFailed(report, { ...options, onEvent }) : null;
    onEvent({ kind: 'run.ended', runId: run.runId, end: report.end });
    await run.finish(report);
    return { report, takenBack };
  } catch (error) {
    await run.release();
    throw error;
  }
}

/** Takes back what the failed modules have done; the others stay as they are. */
async function takeBackFailed(report: RunReport, { clock, context, onEvent, run }: RecordRunOptions): Promise<RecordedRun['takenBack']> {
  const failed = report.steps.filter(({ result }) => result.kind === 'failed');
  const modules = [...new Set(failed.map(({ module }) => module))];
  if (modules.length === 0) return null;
  return { modules, ...(await rollBack({ run, context, clock, modules, whenChanged: 'refuse', onEvent })) };
}
