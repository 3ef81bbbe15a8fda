import { parseInstant } from '@breakwater/kernel';
import type { ObjectWaiter, PropertyReader, PropertySet } from '../properties/index.ts';
import { type Moref, SERVICE_INSTANCE, type Value } from '../schema/index.ts';
import { isFault, type Session } from '../session/index.ts';
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
const ORIGIN_OF_TASK: PropertySet = { type: 'Task', paths: ['info.descriptionId', 'info.queueTime', 'info.reason'] };
const RECENT_TASKS: PropertySet = { type: 'VirtualMachine', paths: ['recentTask'] };

/** For the way of a call to the server and for clocks that are read in whole seconds. */
const CLOCK_SLACK_MS = 2_000;

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

/**
 * The task of a call whose answer was lost: the only one of its kind that this account has had started on the machine since
 * then. Null when there is none, and when it cannot be told which it is.
 */
export async function findLostTask(
  tools: { readonly session: Session; readonly reader: PropertyReader },
  about: {
    readonly machine: Moref;
    readonly descriptionId: string;
    /** Since the call was sent. Ages are compared, because the server's clock is its own. */
    readonly ageMs: () => number;
  },
  { signal }: { readonly signal: AbortSignal },
): Promise<Moref | null> {
  const { session, reader } = tools;
  const { userName } = await session.open({ signal });
  const read = { priority: 'low', signal } as const;
  const now = await session.call({ method: 'CurrentTime', self: SERVICE_INSTANCE, args: {} }, { ...read, idempotent: true });
  const nowMs = parseInstant(now ?? '');
  if (nowMs === null) return null;
  const earliestMs = nowMs - about.ageMs() - CLOCK_SLACK_MS;
  const [machine] = await reader.readObjects([about.machine], { ...read, set: RECENT_TASKS });
  const found: Moref[] = [];
  for (const task of new Fields(machine?.properties).refs('recentTask')) {
    try {
      const [snapshot] = await reader.readObjects([task], { ...read, set: ORIGIN_OF_TASK });
      const fields = new Fields(snapshot?.properties);
      const isOurs = fields.struct('info.reason').text('userName') === userName;
      const queuedMs = parseInstant(fields.text('info.queueTime') ?? '');
      if (isOurs && queuedMs !== null && queuedMs >= earliestMs && fields.text('info.descriptionId') === about.descriptionId)
        found.push(task);
    } catch (error) {
      if (!isFault(error, 'ManagedObjectNotFound')) throw error;
    }
  }
  const [only, ...others] = found;
  return only === undefined || others.length > 0 ? null : only;
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
