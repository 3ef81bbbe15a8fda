import { type Clock, isOpsError, OpsError, sleep } from '@breakwater/kernel';
import type { ObjectWaiter, PropertyReader, PropertySet } from '../properties/index.ts';
import type { MethodName, Moref } from '../schema/index.ts';
import { hasCode, type Session } from '../session/index.ts';
import { Fields } from './fields.ts';
import { type PowerState, toPowerState } from './machine-facts.ts';
import { isNotSent } from './not-sent.ts';
import { toRefusal } from './refusal.ts';
import type { ScreenCamera } from './screen-camera.ts';
import { findRunningTask, type TaskOutcome, type TaskProgress, watchTask } from './tasks.ts';

export type PowerVerb = 'power_on' | 'power_off' | 'reset' | 'suspend' | 'shut_down_guest' | 'reboot_guest' | 'standby_guest';

/** How an act ended. `unknown`: the answer was lost and reading back did not settle it; it has not been repeated. */
export type ActOutcome =
  | { readonly kind: 'succeeded' }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly details?: Readonly<Record<string, unknown>> }
  | { readonly kind: 'unknown'; readonly code: string; readonly message: string };

export interface PowerOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: TaskProgress) => void) | undefined;
  /** How long a guest may take to shut down or stand by before that counts as failed. */
  readonly guestGraceMs?: number | undefined;
}

export interface PowerTools {
  readonly session: Session;
  readonly reader: PropertyReader;
  readonly waiter: ObjectWaiter;
  readonly clock: Clock;
  readonly camera: Pick<ScreenCamera, 'stepAside'>;
}

type TaskMethod = 'PowerOnVM_Task' | 'PowerOffVM_Task' | 'ResetVM_Task' | 'SuspendVM_Task';
type GuestMethod = 'ShutdownGuest' | 'RebootGuest' | 'StandbyGuest';

interface TaskPlan {
  readonly kind: 'task';
  readonly method: TaskMethod;
  readonly descriptionId: string;
  /** Null: the state is the same before and after. */
  readonly reaches: PowerState | null;
}

interface GuestPlan {
  readonly kind: 'guest';
  readonly method: GuestMethod;
  /** Null: the guest restarts without a change of power state, so being told is all there is to wait for. */
  readonly reaches: readonly PowerState[] | null;
}

const PLANS: Readonly<Record<PowerVerb, TaskPlan | GuestPlan>> = {
  power_on: { kind: 'task', method: 'PowerOnVM_Task', descriptionId: 'VirtualMachine.powerOn', reaches: 'poweredOn' },
  power_off: { kind: 'task', method: 'PowerOffVM_Task', descriptionId: 'VirtualMachine.powerOff', reaches: 'poweredOff' },
  reset: { kind: 'task', method: 'ResetVM_Task', descriptionId: 'VirtualMachine.reset', reaches: null },
  suspend: { kind: 'task', method: 'SuspendVM_Task', descriptionId: 'VirtualMachine.suspend', reaches: 'suspended' },
  shut_down_guest: { kind: 'guest', method: 'ShutdownGuest', reaches: ['poweredOff'] },
  reboot_guest: { kind: 'guest', method: 'RebootGuest', reaches: null },
  // Whether a guest's standby powers the machine off or suspends it is a setting of the machine.
  standby_guest: { kind: 'guest', method: 'StandbyGuest', reaches: ['suspended', 'poweredOff'] },
};

const POWER: PropertySet = { type: 'VirtualMachine', paths: ['runtime.powerState'] };
const POWER_AND_TASKS: PropertySet = { type: 'VirtualMachine', paths: ['runtime.powerState', 'recentTask'] };
const DEFAULT_GUEST_GRACE_MS = 300_000;

/** Changes the power state of a machine and waits until it has happened. Never rejects for what the server does. */
export async function changePower(
  tools: PowerTools,
  machine: Moref,
  options: PowerOptions & { readonly verb: PowerVerb },
): Promise<ActOutcome> {
  const plan = PLANS[options.verb];
  const outcome =
    plan.kind === 'task' ? await runTask(tools, machine, { ...options, plan }) : await tellGuest(tools, machine, { ...options, plan });
  // Asked for what is already so: whoever wanted that has it.
  const isAlreadySo =
    outcome.kind === 'failed' && plan.kind === 'task' && plan.reaches !== null && readExistingState(outcome) === plan.reaches;
  return isAlreadySo ? { kind: 'succeeded' } : outcome;
}

/** Asks the server for the machine's state. `VSPHERE_OBJECT_GONE` when it is no longer there. */
export async function readPowerState(
  { reader }: Pick<PowerTools, 'reader'>,
  machine: Moref,
  options: { readonly signal: AbortSignal },
): Promise<PowerState> {
  const [snapshot] = await reader.readObjects([machine], { set: POWER, priority: 'critical', signal: options.signal });
  if (snapshot === undefined) throw new OpsError({ code: 'VSPHERE_OBJECT_GONE', message: 'The machine is no longer on this server.' });
  return toPowerState(new Fields(snapshot.properties).text('runtime.powerState'));
}

async function runTask(tools: PowerTools, machine: Moref, options: PowerOptions & { readonly plan: TaskPlan }): Promise<ActOutcome> {
  const { plan, signal } = options;
  let task: Moref | undefined;
  const release = await tools.camera.stepAside(machine, { signal });
  try {
    task = await submit(tools.session, { method: plan.method, self: machine }, signal);
  } catch (error) {
    return settleSubmit(error) ?? (await readBack(tools, machine, { ...options, error }));
  } finally {
    release();
  }
  if (task === undefined) return toUnknown('VSPHERE_NOT_SOAP', 'The server accepted the call but named no task.');
  try {
    return toActOutcome(await watchTask(tools.waiter, task, options)) ?? (await readBack(tools, machine, { ...options, error: undefined }));
  } catch (error) {
    return readBack(tools, machine, { ...options, error });
  }
}

async function tellGuest(tools: PowerTools, machine: Moref, options: PowerOptions & { readonly plan: GuestPlan }): Promise<ActOutcome> {
  const { plan, signal, guestGraceMs = DEFAULT_GUEST_GRACE_MS } = options;
  try {
    await submit(tools.session, { method: plan.method, self: machine }, signal);
  } catch (error) {
    const settled = settleSubmit(error);
    if (settled !== undefined) return settled;
    // A restart leaves no trace to read back, and asking twice would restart twice.
    if (plan.reaches === null || signal.aborted) return toUnknownFrom(error);
  }
  if (plan.reaches === null) return { kind: 'succeeded' };
  const { reaches } = plan;
  const grace = new AbortController();
  const late: ActOutcome = { kind: 'failed', code: 'VSPHERE_GUEST_STILL_RUNNING', message: 'The guest has not stopped in time.' };
  try {
    return await Promise.race([
      waitForPower(tools, machine, { reaches, signal: AbortSignal.any([signal, grace.signal]) }),
      sleep(tools.clock, guestGraceMs, { signal: grace.signal }).then(() => late),
    ]);
  } catch (error) {
    return toUnknownFrom(error);
  } finally {
    grace.abort();
  }
}

async function waitForPower(
  { waiter }: PowerTools,
  machine: Moref,
  options: { readonly reaches: readonly PowerState[]; readonly signal: AbortSignal },
): Promise<ActOutcome> {
  const outcome = await waiter.waitFor<true>(machine, {
    set: POWER,
    signal: options.signal,
    judge: (properties) => (options.reaches.includes(toPowerState(new Fields(properties).text('runtime.powerState'))) ? true : undefined),
  });
  return outcome.kind === 'settled' ? { kind: 'succeeded' } : toUnknown('VSPHERE_OBJECT_GONE', 'The machine is no longer on this server.');
}

/** Submits once. Only a server that refused because it did not know the session is asked again: then nothing has happened. */
async function submit(
  session: Session,
  call: { readonly method: TaskMethod | GuestMethod; readonly self: Moref },
  signal: AbortSignal,
): Promise<Moref | undefined> {
  const once = async (): Promise<Moref | undefined> =>
    session.call<Extract<MethodName, TaskMethod | GuestMethod>>({ ...call, args: {} }, { priority: 'critical', idempotent: false, signal });
  try {
    return await once();
  } catch (error) {
    if (!hasCode(error, 'VSPHERE_SESSION_EXPIRED')) throw error;
    return once();
  }
}

/** The outcome, when the error says for certain what happened. */
function settleSubmit(error: unknown): ActOutcome | undefined {
  const refusal = toRefusal(error);
  if (refusal !== undefined) return { kind: 'failed', ...refusal };
  if (!isOpsError(error)) return undefined;
  return isNotSent(error) ? { kind: 'failed', code: error.code, message: error.message } : undefined;
}

/** After a lost answer: looks whether it has happened or is happening. Repeating could do it twice. */
async function readBack(
  tools: PowerTools,
  machine: Moref,
  options: PowerOptions & { readonly plan: TaskPlan; readonly error: unknown },
): Promise<ActOutcome> {
  const { plan, signal, error } = options;
  const lost =
    error === undefined
      ? toUnknown('VSPHERE_TASK_GONE', 'The server has forgotten the task before its end was seen.')
      : toUnknownFrom(error);
  if (signal.aborted) return lost;
  try {
    const [snapshot] = await tools.reader.readObjects([machine], { set: POWER_AND_TASKS, priority: 'critical', signal });
    const fields = new Fields(snapshot?.properties);
    const about = { tasks: fields.refs('recentTask'), descriptionId: plan.descriptionId };
    const running = await findRunningTask(tools.reader, about, { signal });
    if (running !== null) return toActOutcome(await watchTask(tools.waiter, running, options)) ?? lost;
    const isReached = plan.reaches !== null && toPowerState(fields.text('runtime.powerState')) === plan.reaches;
    return isReached ? { kind: 'succeeded' } : lost;
  } catch {
    // Reading back failed as well; the first error is the one that explains.
    return lost;
  }
}

/** Undefined when the task is gone before its end was seen. */
function toActOutcome(outcome: TaskOutcome): ActOutcome | undefined {
  if (outcome.kind === 'succeeded') return { kind: 'succeeded' };
  return outcome.kind === 'failed' ? { kind: 'failed', ...outcome.refusal } : undefined;
}

function toUnknown(code: string, message: string): ActOutcome {
  return { kind: 'unknown', code, message };
}

function toUnknownFrom(error: unknown): ActOutcome {
  if (isOpsError(error)) return toUnknown(error.code, error.message);
  return toUnknown('VSPHERE_ANSWER_LOST', error instanceof Error ? error.message : 'The answer was lost.');
}

function readExistingState(outcome: Extract<ActOutcome, { kind: 'failed' }>): unknown {
  return outcome.code === 'VSPHERE_INVALID_POWER_STATE' ? outcome.details?.['existingState'] : undefined;
}
