import type { ObjectWaiter, PropertyReader, PropertySet } from '../properties/index.ts';
import type { Moref, Value } from '../schema/index.ts';
import { isFault } from '../session/index.ts';
import { Fields } from './fields.ts';
import { type Refusal, toTaskRefusal } from './refusal.ts';

export interface TaskProgress {
  readonly percent: number | null;
}

export type TaskOutcome =
  | { readonly kind: 'succeeded'; readonly result: unknown }
  | { readonly kind: 'failed'; readonly refusal: Refusal }
  /** Servers forget finished tasks after some minutes; what became of it shows only in the object it was about. */
  | { readonly kind: 'gone' };

export interface TaskWatchOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: TaskProgress) => void) | undefined;
}

const WATCHED_TASK: PropertySet = { type: 'Task', paths: ['info.state', 'info.progress', 'info.result', 'info.error'] };
const LISTED_TASK: PropertySet = { type: 'Task', paths: ['info.state', 'info.descriptionId'] };

/** Follows a task to its end. */
export async function watchTask(waiter: ObjectWaiter, task: Moref, options: TaskWatchOptions): Promise<TaskOutcome> {
  let reported: number | undefined;
  const outcome = await waiter.waitFor<TaskOutcome>(task, {
    set: WATCHED_TASK,
    signal: options.signal,
    judge: (properties) => {
      const fields = new Fields(properties);
      const state = fields.text('info.state');
      if (state === 'success') return { kind: 'succeeded', result: properties['info.result'] };
      if (state === 'error') {
        return { kind: 'failed', refusal: toTaskRefusal(properties['info.error'] as Value<'LocalizedMethodFault'> | undefined) };
      }
      const percent = fields.number('info.progress');
      if (percent !== null && percent !== reported) {
        reported = percent;
        options.onProgress?.({ percent });
      }
      return undefined;
    },
  });
  return outcome.kind === 'gone' ? { kind: 'gone' } : outcome.value;
}

/** An unfinished task of the given kind on an object, or null. Finished ones prove nothing: they may be older than our call. */
export async function findRunningTask(
  reader: PropertyReader,
  about: { readonly tasks: readonly Moref[]; readonly descriptionId: string },
  options: { readonly signal?: AbortSignal | undefined },
): Promise<Moref | null> {
  for (const task of about.tasks) {
    try {
      const [snapshot] = await reader.readObjects([task], { set: LISTED_TASK, priority: 'critical', signal: options.signal });
      const fields = new Fields(snapshot?.properties);
      const isRunning = ['queued', 'running'].includes(fields.text('info.state') ?? '');
      if (isRunning && fields.text('info.descriptionId') === about.descriptionId) return task;
    } catch (error) {
      // Tasks come and go while the list is read.
      if (!isFault(error, 'ManagedObjectNotFound')) throw error;
    }
  }
  return null;
}
