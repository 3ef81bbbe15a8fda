import type { Clock } from '@breakwater/kernel';
import type { StepContext } from '../plan/step.ts';
import type { OpenRun, StepReport } from '../ports/run-store.ts';
import type { HostEventListener } from './host-event.ts';
import { planRollback, type RollBackOptions, type RollbackReport, rollBack } from './roll-back.ts';

export interface RecordRollbackOptions {
  readonly run: OpenRun;
  readonly context: StepContext;
  readonly clock: Clock;
  /** Of the run, as it was reported. */
  readonly steps: readonly StepReport[];
  readonly modules?: readonly string[];
  readonly whenChanged: RollBackOptions['whenChanged'];
  readonly onEvent: HostEventListener;
}

/** Takes a run back and writes that down; the run is over when nothing of it is left. */
export async function recordRollback(options: RecordRollbackOptions): Promise<RollbackReport> {
  const { clock, context, modules, run, whenChanged } = options;
  try {
    const report = await rollBack({
      run,
      context,
      clock,
      ...(modules === undefined ? {} : { modules }),
      whenChanged,
      onEvent: (event) => {
        run.note({ at: clock.wall(), ...event });
        options.onEvent(event);
      },
    });
    const isOver = report.failed.length === 0 && planRollback(run.journal).entries.length === 0;
    if (isOver) await run.finish({ end: 'rolled-back', endedAtMs: clock.wall(), steps: options.steps });
    else await run.release();
    return report;
  } catch (error) {
    await run.release();
    throw error;
  }
}
