import type { Change, Step, StepContext } from '../plan/step.ts';
import type { UndoRecord } from '../plan/undo.ts';
import { undo } from '../run/undo/undo.ts';
import { createMemoryDebian, type MemoryDebian, type MemoryDebianOptions } from './memory-debian.ts';
import { MemoryRun } from './memory-run.ts';

export interface StepBed extends MemoryDebian {
  readonly context: StepContext;
  /** Everything that a rollback puts back. */
  snapshot(): Readonly<Record<string, string>>;
  plan(step: Step): Promise<Change | null>;
  /** Plans, applies and plans again; answers with the records of the way back, oldest first. */
  apply(step: Step): Promise<readonly UndoRecord[]>;
  /** Takes records back, newest first. */
  undo(records: readonly UndoRecord[], options?: { readonly whenChanged: 'refuse' | 'overwrite' }): Promise<void>;
}

/** One step on a host in memory, without the machinery of a run. */
export function createStepBed(options: MemoryDebianOptions = {}): StepBed {
  const debian = createMemoryDebian(options);
  const run = new MemoryRun();
  const context: StepContext = {
    host: debian.host,
    network: debian.network,
    signal: new AbortController().signal,
    progress: () => undefined,
  };
  return {
    ...debian,
    context,
    snapshot: () => Object.fromEntries(Object.entries(debian.host.snapshot()).filter(([path]) => !path.startsWith('/var/lib/apt/lists'))),
    plan: async (step) => await step.plan(context),
    async apply(step) {
      const change = await step.plan(context);
      if (change === null) return [];
      const records: UndoRecord[] = [];
      await step.apply(
        {
          ...context,
          keepBytes: async (content) => await run.keepBytes(content),
          async record(record) {
            records.push(record);
            return () => Promise.resolve();
          },
        },
        change,
      );
      const left = await step.plan(context);
      if (left !== null) throw new Error(`It would have to be done again: ${left.summary}`);
      return records;
    },
    async undo(records, { whenChanged } = { whenChanged: 'refuse' }) {
      for (const record of records.toReversed()) {
        await undo(record, { ...context, whenChanged, readBytes: async (sha256) => await run.readBytes(sha256) });
      }
    },
  };
}
