import { type Clock, formatInstant } from '@breakwater/kernel';
import type { Moref } from '@breakwater/vsphere/schema';
import { SoapFault } from '../soap/soap-fault.ts';
import type { Machine } from './machine.ts';
import { PlainObject } from './plain-object.ts';
import type { World } from './world.ts';

export interface TaskPlan {
  /** As in `TaskInfo.descriptionId`, for example `VirtualMachine.powerOn`. */
  readonly descriptionId: string;
  readonly machine: Machine | undefined;
  readonly entity: Moref;
  readonly entityName: string;
  readonly user: string;
  readonly durationMs: number;
  readonly cancelable: 'yes' | 'no';
  /** Does the work at the end of the task; a thrown `SoapFault` becomes the task's error. The result is encoded as given. */
  readonly finish: () => unknown;
}

type TaskState =
  | { readonly kind: 'running'; readonly progress: number }
  | { readonly kind: 'success'; readonly result: unknown; readonly completedWallMs: number }
  | { readonly kind: 'error'; readonly fault: SoapFault; readonly completedWallMs: number };

interface RunningTask {
  readonly ref: Moref;
  readonly plan: TaskPlan;
  readonly object: PlainObject;
  state: TaskState;
  /** Time is up, but the machine waits for an answer. */
  stalled: boolean;
}

/** Hosts keep a finished task for some minutes only. */
const KEPT_MS = 600_000;
const RECENT_KEPT = 10;

/** Runs tasks on the clock and shows them as objects. */
export class Tasks {
  readonly #world: World;
  readonly #clock: Clock;
  readonly #prefix: string;
  readonly #tasks = new Map<string, RunningTask>();
  readonly manager: PlainObject;
  #count = 0;
  #recent: Moref[] = [];

  constructor(options: { readonly world: World; readonly clock: Clock; readonly manager: Moref; readonly isCenter: boolean }) {
    this.#world = options.world;
    this.#clock = options.clock;
    this.#prefix = options.isCenter ? 'task-' : 'haTask-ha-host-';
    this.manager = new PlainObject(options.manager, { properties: { recentTask: () => this.#recent, maxCollector: () => 32 } });
    this.#world.add(this.manager);
  }

  /** Starts a task; a machine takes one at a time. */
  start(plan: TaskPlan): Moref {
    const { machine } = plan;
    if (machine?.busyWith !== undefined) {
      throw new SoapFault('TaskInProgress', {
        text: 'The operation cannot be allowed at the current time because the virtual machine has an operation in progress.',
        fields: { task: machine.busyWith },
      });
    }
    const ref = { type: 'Task', value: `${this.#prefix}${++this.#count}` };
    const queuedWallMs = this.#clock.wall();
    const object = new PlainObject(ref, { properties: { info: () => this.#describe(task, queuedWallMs) } });
    const task: RunningTask = { ref, plan, object, state: { kind: 'running', progress: 0 }, stalled: false };
    this.#tasks.set(ref.value, task);
    this.#world.add(object);
    this.#recent = [...this.#recent, ref].slice(-RECENT_KEPT);
    this.#world.touch(this.manager);
    if (machine !== undefined) {
      machine.busyWith = ref;
      machine.recentTasks = [...machine.recentTasks, ref].slice(-RECENT_KEPT);
      this.#world.touch(machine);
    }
    for (const share of [0.25, 0.5, 0.75]) this.#clock.after(plan.durationMs * share, () => this.#progress(task, share * 100));
    this.#clock.after(plan.durationMs, () => this.#complete(task));
    return ref;
  }

  cancel(ref: Moref): void {
    const task = this.#tasks.get(ref.value);
    if (task === undefined) throw new SoapFault('ManagedObjectNotFound', { fields: { obj: ref } });
    if (task.plan.cancelable === 'no') throw new SoapFault('NotSupported', { text: 'The task cannot be canceled.' });
    if (task.state.kind !== 'running') throw new SoapFault('InvalidState', { text: 'The task is already over.' });
    this.#end(task, {
      kind: 'error',
      fault: new SoapFault('RequestCanceled', { text: 'The task was canceled by a user.' }),
      completedWallMs: this.#clock.wall(),
    });
  }

  /** Goes on with what waited for an answer. */
  resume(machine: Machine): void {
    for (const task of this.#tasks.values()) if (task.plan.machine === machine && task.stalled) this.#complete(task);
  }

  #progress(task: RunningTask, progress: number): void {
    if (task.state.kind !== 'running') return;
    task.state = { kind: 'running', progress };
    this.#world.touch(task.object);
  }

  #complete(task: RunningTask): void {
    if (task.state.kind !== 'running') return;
    if (task.plan.machine?.question !== undefined) {
      task.stalled = true;
      return;
    }
    const completedWallMs = this.#clock.wall();
    try {
      this.#end(task, { kind: 'success', result: task.plan.finish(), completedWallMs });
    } catch (error) {
      if (!(error instanceof SoapFault)) throw error;
      this.#end(task, { kind: 'error', fault: error, completedWallMs });
    }
  }

  #end(task: RunningTask, state: TaskState): void {
    task.state = state;
    task.stalled = false;
    const { machine } = task.plan;
    if (machine?.busyWith === task.ref) {
      machine.busyWith = undefined;
      this.#world.touch(machine);
    }
    this.#world.touch(task.object);
    this.#clock.after(KEPT_MS, () => this.#forget(task));
  }

  #forget(task: RunningTask): void {
    this.#tasks.delete(task.ref.value);
    this.#recent = this.#recent.filter((ref) => ref.value !== task.ref.value);
    const { machine } = task.plan;
    if (machine !== undefined) machine.recentTasks = machine.recentTasks.filter((ref) => ref.value !== task.ref.value);
    this.#world.remove(task.ref);
  }

  #describe(task: RunningTask, queuedWallMs: number): unknown {
    const { plan, state } = task;
    const isRunning = state.kind === 'running';
    const canceled = state.kind === 'error' && state.fault.type === 'RequestCanceled';
    return {
      key: task.ref.value,
      task: task.ref,
      descriptionId: plan.descriptionId,
      entity: plan.entity,
      entityName: plan.entityName,
      state: state.kind,
      cancelled: canceled,
      cancelable: isRunning && plan.cancelable === 'yes',
      error:
        state.kind === 'error'
          ? { fault: { $type: state.fault.type, ...state.fault.fields }, localizedMessage: state.fault.message }
          : undefined,
      result: state.kind === 'success' ? state.result : undefined,
      progress: isRunning ? state.progress : undefined,
      reason: { $type: 'TaskReasonUser', userName: plan.user },
      queueTime: formatInstant(queuedWallMs),
      startTime: formatInstant(queuedWallMs),
      completeTime: isRunning ? undefined : formatInstant(state.completedWallMs),
      eventChainId: this.#count,
    };
  }
}
