import { type Clock, isOpsError, type Logger, OpsError, type Priority, sleep, toOpsError } from '@breakwater/kernel';
import type { Moref } from '../schema/index.ts';
import { createClosedError, isFault, readFaultType } from '../session/index.ts';
import {
  type DatacenterPlace,
  type DatastoreFile,
  deleteFile,
  downloadFile,
  type FileTools,
  findDatacenter,
  parseDatastoreFile,
} from './datastore-files.ts';
import { isNotSent } from './not-sent.ts';
import { toRefusalError } from './refusal.ts';
import { findLostTask, watchTask } from './tasks.ts';

export interface TaskCameraOptions extends FileTools {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Throws unless the bytes are a whole picture. */
  readonly check: (bytes: Uint8Array) => Uint8Array;
  readonly maxBytes: number;
}

export interface TaskPictureOptions {
  readonly priority: Priority;
  readonly signal: AbortSignal;
}

/**
 * A task that has been started, or the file that it has made, or a call whose answer was lost. All are ours: nothing else
 * is ever removed.
 */
type Leftover = { readonly machine: Moref; readonly datacenter: DatacenterPlace } & (
  | { readonly kind: 'call'; readonly sentAtMs: number }
  | { readonly kind: 'task'; readonly task: Moref }
  | { readonly kind: 'file'; readonly file: DatastoreFile }
);

/** For one picture, from its task to the removal of its file. */
const TASK_TIMEOUT_MS = 60_000;

/** With so many files that could not be removed, none are added: they would fill the datastore. */
const MAX_LEFTOVERS = 8;

/** How long a person's act waits for a picture that is being taken of the same machine. */
const STEP_ASIDE_MS = 5_000;

/** How long whoever closes waits for pictures under way and for the removal of what they left. */
const CLOSE_TIMEOUT_MS = 3_000;

const SCREENSHOT_TASK = 'VirtualMachine.createScreenshot';

/** How long servers know what a finished task was. */
const TASKS_KEPT_MS = 600_000;

const MAX_KNOWN_PLACES = 10_000;

/** States in which a machine has no picture, and nothing is wrong. */
const NO_PICTURE: ReadonlySet<string> = new Set([
  'VSPHERE_INVALID_POWER_STATE',
  'VSPHERE_INVALID_STATE',
  'VSPHERE_TASK_IN_PROGRESS',
  'VSPHERE_OBJECT_GONE',
]);

/**
 * Pictures by `CreateScreenshot_Task`. Each leaves a file on the datastore, so each is followed to its end and its file
 * removed, whatever happens meanwhile; what could not be removed is kept in mind and tried again.
 */
export class TaskCamera {
  readonly #tools: TaskCameraOptions;
  readonly #places = new Map<string, DatacenterPlace>();
  readonly #running = new Map<string, Promise<unknown>>();
  /** How many acts of people hold pictures of a machine back. */
  readonly #held = new Map<string, number>();
  readonly #sweeping = new Set<Leftover>();
  #leftovers: readonly Leftover[] = [];
  #removalError: unknown;
  #isClosed = false;

  constructor(options: TaskCameraOptions) {
    this.#tools = options;
  }

  /** Null: the machine has no picture now. */
  async capture(machine: Moref, options: TaskPictureOptions): Promise<Uint8Array | null> {
    if (this.#isClosed) throw createClosedError();
    if (this.#running.has(machine.value) || this.#held.has(machine.value)) return null;
    const work = this.#withDeadline((deadline) => this.#photograph(machine, { ...options, deadline }));
    this.#running.set(machine.value, work);
    try {
      return await work;
    } catch (error) {
      const refused = toRefusalError(error);
      if (NO_PICTURE.has(toOpsError(refused, { code: 'VSPHERE_FAULT' }).code)) return null;
      throw refused;
    } finally {
      this.#running.delete(machine.value);
    }
  }

  /** Keeps pictures of a machine from being taken until the result is called: a machine takes one task at a time, and a person comes first. */
  async stepAside(machine: Moref, { signal }: { readonly signal: AbortSignal }): Promise<() => void> {
    this.#hold(machine.value, 1);
    const running = this.#running.get(machine.value);
    if (running !== undefined) await this.#waitFor(running, { timeoutMs: STEP_ASIDE_MS, signal });
    return () => this.#hold(machine.value, -1);
  }

  #hold(moid: string, more: 1 | -1): void {
    const count = (this.#held.get(moid) ?? 0) + more;
    if (count > 0) this.#held.set(moid, count);
    else this.#held.delete(moid);
  }

  /** Takes no more pictures and removes what is left of earlier ones, as far as that is possible now. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#waitFor(
      Promise.allSettled(this.#running.values()).then(() => this.#sweepAll()),
      { timeoutMs: CLOSE_TIMEOUT_MS },
    );
  }

  async #photograph(
    machine: Moref,
    { signal, priority, deadline }: TaskPictureOptions & { readonly deadline: AbortSignal },
  ): Promise<Uint8Array | null> {
    await this.#sweepOne(deadline);
    this.#assertRoom();
    // Before the task: without it the file could neither be fetched nor removed.
    const datacenter = await this.#findPlace(machine, signal);
    signal.throwIfAborted();
    // From here on a file will lie on the datastore even if the caller gives up, so only the download obeys the caller.
    const task = await this.#submit({ kind: 'call', machine, datacenter, sentAtMs: this.#tools.clock.now() }, { priority, deadline });
    if (task === undefined) return null;
    const file = await this.#develop({ kind: 'task', machine, datacenter, task }, deadline);
    if (file === null) return null;
    try {
      const { session, check, maxBytes } = this.#tools;
      return check(await downloadFile(session, file, { datacenter, maxBytes, signal }));
    } finally {
      await this.#remove({ kind: 'file', machine, datacenter, file }, deadline);
    }
  }

  async #submit(
    call: Extract<Leftover, { kind: 'call' }>,
    { priority, deadline }: { readonly priority: Priority; readonly deadline: AbortSignal },
  ): Promise<Moref | undefined> {
    try {
      return await this.#tools.session.call(
        { method: 'CreateScreenshot_Task', self: call.machine, args: {} },
        { priority, idempotent: false, signal: deadline },
      );
    } catch (error) {
      const isSettled = readFaultType(error) !== undefined || (isOpsError(error) && isNotSent(error));
      if (!isSettled) this.#keep(call, error);
      throw error;
    }
  }

  /** The file that the task has made; null when it made none that can be found. */
  async #develop(leftover: Extract<Leftover, { kind: 'task' }>, signal: AbortSignal): Promise<DatastoreFile | null> {
    const { reader, waiter } = this.#tools;
    let outcome: Awaited<ReturnType<typeof watchTask>>;
    let file: DatastoreFile | null;
    try {
      outcome = await watchTask(waiter, leftover.task, { signal });
      file = outcome.kind === 'succeeded' ? toPicture(await parseDatastoreFile(reader, String(outcome.result), { signal })) : null;
    } catch (error) {
      this.#keep(leftover, error);
      throw error;
    }
    if (outcome.kind === 'failed') throw new OpsError(outcome.refusal);
    return file;
  }

  async #remove(leftover: Extract<Leftover, { kind: 'file' }>, signal: AbortSignal): Promise<void> {
    try {
      await deleteFile(this.#tools, leftover.file, { datacenter: leftover.datacenter, signal });
    } catch (error) {
      this.#keep(leftover, error);
    }
  }

  #keep(leftover: Leftover, error: unknown): void {
    // The machine may have moved to another datacenter.
    this.#places.delete(leftover.machine.value);
    this.#removalError = error;
    this.#leftovers = [...this.#leftovers, leftover];
    this.#tools.logger.warn('A picture was left on a datastore; its removal is tried again.', { file: describe(leftover), error });
  }

  #assertRoom(): void {
    if (this.#leftovers.length + this.#sweeping.size < MAX_LEFTOVERS) return;
    const { code } = toOpsError(this.#removalError, { code: 'VSPHERE_FAULT' });
    const message = 'No pictures are taken, because earlier ones could not be removed from the datastore.';
    throw new OpsError({ code, message, cause: this.#removalError });
  }

  async #sweepOne(signal: AbortSignal): Promise<void> {
    const [leftover, ...rest] = this.#leftovers;
    if (leftover === undefined) return;
    this.#leftovers = rest;
    this.#sweeping.add(leftover);
    try {
      await this.#clear(leftover, signal);
    } finally {
      this.#sweeping.delete(leftover);
    }
  }

  /** Does not reject: what stays is kept in mind. */
  async #clear(leftover: Leftover, signal: AbortSignal): Promise<void> {
    const datacenter = await this.#findPlace(leftover.machine, signal).catch(() => leftover.datacenter);
    if (leftover.kind === 'file') return this.#remove({ ...leftover, datacenter }, signal);
    const task = leftover.kind === 'task' ? leftover.task : await this.#findTask(leftover, signal);
    if (task === null) return;
    const file = await this.#develop({ kind: 'task', machine: leftover.machine, datacenter, task }, signal).catch(() => null);
    if (file !== null) await this.#remove({ kind: 'file', machine: leftover.machine, datacenter, file }, signal);
  }

  async #findTask(call: Extract<Leftover, { kind: 'call' }>, signal: AbortSignal): Promise<Moref | null> {
    const { clock } = this.#tools;
    const ageMs = (): number => clock.now() - call.sentAtMs;
    try {
      return await findLostTask(this.#tools, { machine: call.machine, descriptionId: SCREENSHOT_TASK, ageMs }, { signal });
    } catch (error) {
      // Of a machine that is gone the files are gone too. A server forgets its tasks after some minutes.
      if (!isFault(error, 'ManagedObjectNotFound') && ageMs() < TASKS_KEPT_MS) this.#keep(call, error);
      return null;
    }
  }

  async #sweepAll(): Promise<void> {
    // A session that is gone would have to be opened anew, and whoever closes may just have been refused there.
    for (let count = this.#leftovers.length; count > 0 && this.#tools.session.current !== undefined; count--) {
      await this.#withDeadline((deadline) => this.#sweepOne(deadline));
    }
  }

  async #findPlace(machine: Moref, signal: AbortSignal): Promise<DatacenterPlace> {
    const known = this.#places.get(machine.value);
    if (known !== undefined) return known;
    const place = await findDatacenter(this.#tools, machine, { signal });
    if (this.#places.size >= MAX_KNOWN_PLACES) this.#places.clear();
    this.#places.set(machine.value, place);
    return place;
  }

  async #withDeadline<T>(act: (deadline: AbortSignal) => Promise<T>): Promise<T> {
    const deadline = new AbortController();
    const timer = this.#tools.clock.after(TASK_TIMEOUT_MS, () =>
      deadline.abort(new OpsError({ code: 'VSPHERE_TIMEOUT', message: 'Taking a picture by task took too long.' })),
    );
    try {
      return await act(deadline.signal);
    } finally {
      timer.cancel();
    }
  }

  /** Until it has settled in whatever way, or the time is up. */
  async #waitFor(work: Promise<unknown>, options: { readonly timeoutMs: number; readonly signal?: AbortSignal }): Promise<void> {
    const done = new AbortController();
    const signals = options.signal === undefined ? [done.signal] : [done.signal, options.signal];
    const settled = work.then(
      () => done.abort(),
      () => done.abort(),
    );
    await Promise.race([settled, sleep(this.#tools.clock, options.timeoutMs, { signal: AbortSignal.any(signals) }).catch(() => undefined)]);
    done.abort();
  }
}

/** What is about to be removed has to be a picture, whatever the server says its task has made. */
function toPicture(file: DatastoreFile): DatastoreFile {
  if (/\.png$/i.test(file.path)) return file;
  throw new OpsError({ code: 'VSPHERE_PATH_INVALID', message: 'The server names a file that is no picture.' });
}

function describe(leftover: Leftover): string {
  if (leftover.kind === 'file') return `[${leftover.file.datastore}] ${leftover.file.path}`;
  return leftover.kind === 'task' ? leftover.task.value : `of ${leftover.machine.value}`;
}
