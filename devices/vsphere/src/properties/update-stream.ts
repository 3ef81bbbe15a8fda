import { type Clock, type Logger, OpsError, sleep } from '@breakwater/kernel';
import type { Moref, Value } from '../schema/index.ts';
import { createExpiredError, hasCode, isFault, readMissingObject, type Session } from '../session/index.ts';
import { type ObjectView, toViewSpec } from './object-view.ts';
import { type PropertySet, selectKnownPaths } from './property-paths.ts';
import type { ObjectSnapshot } from './property-reader.ts';
import { FLAT_UPDATES, type ObjectChange, toChanges } from './update-set.ts';

export type Update =
  /** The whole state: an object that is not in it does not exist (any more). */
  | { readonly kind: 'loaded'; readonly objects: readonly ObjectSnapshot[] }
  /** In the order in which they are to be applied. */
  | { readonly kind: 'changed'; readonly changes: readonly ObjectChange[] }
  /** Nothing happened during one whole wait: what was known is still true. */
  | { readonly kind: 'confirmed' };

export interface UpdateStreamOptions {
  readonly session: Session;
  readonly view: ObjectView;
  readonly sets: readonly PropertySet[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long the server holds an answer back while there is no news. */
  readonly maxWaitMs: number;
}

interface Watch {
  readonly epoch: number;
  readonly collector: Moref;
}

/** Objects per answer; the server says `truncated` when there is more. */
const PAGE_OBJECTS = 200;

/** More than any server manages (vCenter: 35,000 machines); a server that never ends its load must not fill our memory. */
const MAX_OBJECTS = 200_000;

/** A vCenter with 35,000 machines has 350. Bounds a server that announces more for ever. */
const MAX_PAGES = 1_000;

/** Least time from one wait for news to the next. What changes meanwhile comes in one answer instead of many. */
const PACE_MS = 250;

/** The answer to a parked wait may come this much later than asked for. */
const GRACE_MS = 60_000;
const LOAD_TIMEOUT_MS = 60_000;

/** Sessions, collectors or versions that end without one good answer in between. */
const MAX_REBUILDS = 2;

/**
 * Follows a set of properties by one long poll at a time. After a transport error `follow` throws and may be called again:
 * it then goes on where the last whole answer ended, so nothing that happened in between is lost.
 */
export class UpdateStream {
  readonly #session: Session;
  readonly #view: ObjectView;
  readonly #sets: readonly PropertySet[];
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #maxWaitMs: number;
  #watch: Watch | undefined;
  #isLoaded = false;
  #version = '';
  /** The last one that did not announce more. Only such a version may be used twice. */
  #wholeVersion = '';
  #loading = new Map<string, { ref: Moref; properties: Record<string, unknown> }>();
  #rebuilds = 0;
  /** Since the last whole answer. */
  #pages = 0;
  #askedAt: number | undefined;
  #isWaiting = false;
  #isRestartAsked = false;

  constructor(options: UpdateStreamOptions) {
    this.#session = options.session;
    this.#view = options.view;
    this.#sets = options.sets;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#maxWaitMs = options.maxWaitMs;
  }

  /** Ends without error when the signal aborts, and then leaves nothing behind on the server. One consumer at a time. */
  async *follow({ signal }: { readonly signal: AbortSignal }): AsyncGenerator<Update, void, undefined> {
    let isBroken = false;
    this.#rebuilds = 0;
    try {
      while (!signal.aborted) {
        const update = await this.#next(signal);
        if (update !== undefined) yield update;
      }
    } catch (error) {
      if (signal.aborted) return;
      isBroken = true;
      this.#version = this.#wholeVersion;
      // Half a load is worth nothing, and only a new filter is sure to begin again.
      if (!this.#isLoaded) this.#isRestartAsked = true;
      throw error;
    } finally {
      if (!isBroken) await this.#release();
    }
  }

  /** Makes the whole state come next, also out of a wait. */
  restart(): void {
    this.#isRestartAsked = true;
    if (!this.#isWaiting || this.#watch === undefined) return;
    const { collector, epoch } = this.#watch;
    this.#session
      .call({ method: 'CancelWaitForUpdates', self: collector, args: {} }, { priority: 'high', idempotent: true, boundTo: epoch })
      .catch((error: unknown) => this.#logger.debug('A wait could not be ended early.', { error }));
  }

  async #next(signal: AbortSignal): Promise<Update | undefined> {
    try {
      // Servers differ in what a filter that has answered before says to a fresh start; a new filter says everything.
      if (this.#isRestartAsked) await this.#release();
      const watch = await this.#open(signal);
      const reply = await this.#ask(watch, signal);
      this.#rebuilds = 0;
      return this.#take(reply);
    } catch (error) {
      if (signal.aborted || !this.#recover(error)) throw error;
      return undefined;
    }
  }

  async #open(signal: AbortSignal): Promise<Watch> {
    const server = await this.#session.open({ signal });
    if (this.#watch?.epoch === server.epoch) return this.#watch;
    this.#reset();
    const view = await this.#view.open(server);
    const bound = { priority: 'high', idempotent: true, boundTo: server.epoch, signal } as const;
    // A collector of its own, so that canceling its wait cannot end anybody else's.
    const collector = await this.#session.call({ method: 'CreatePropertyCollector', self: server.propertyCollector, args: {} }, bound);
    if (collector === undefined) throw createExpiredError('CreatePropertyCollector');
    this.#watch = { epoch: server.epoch, collector };
    try {
      const spec = toViewSpec(view, selectKnownPaths(this.#sets, server.apiVersion));
      await this.#session.call({ method: 'CreateFilter', self: collector, args: { spec, partialUpdates: false } }, bound);
    } catch (error) {
      await this.#release();
      throw error;
    }
    return this.#watch;
  }

  async #ask({ collector, epoch }: Watch, signal: AbortSignal): Promise<Value<'UpdateSet'> | undefined> {
    const isLoad = !this.#isLoaded || this.#version !== this.#wholeVersion;
    if (!isLoad) await this.#pace(signal);
    // A load is work for the server and queues like any other call; only a wait for news is parked.
    const wait = isLoad
      ? ({ lane: 'call', timeoutMs: LOAD_TIMEOUT_MS } as const)
      : ({ lane: 'parked', timeoutMs: this.#maxWaitMs + GRACE_MS } as const);
    this.#isWaiting = true;
    try {
      return await this.#session.call(
        {
          method: 'WaitForUpdatesEx',
          self: collector,
          args: {
            version: this.#version,
            options: { maxWaitSeconds: isLoad ? 0 : Math.ceil(this.#maxWaitMs / 1_000), maxObjectUpdates: PAGE_OBJECTS },
          },
          digest: FLAT_UPDATES,
        },
        { ...wait, priority: 'normal', idempotent: this.#version === this.#wholeVersion, boundTo: epoch, signal },
      );
    } finally {
      this.#isWaiting = false;
    }
  }

  async #pace(signal: AbortSignal): Promise<void> {
    const now = this.#clock.now();
    const dueInMs = this.#askedAt === undefined ? 0 : this.#askedAt + PACE_MS - now;
    if (dueInMs > 0) await sleep(this.#clock, dueInMs, { signal, keepAlive: true });
    this.#askedAt = this.#clock.now();
  }

  #take(reply: Value<'UpdateSet'> | undefined): Update | undefined {
    // While loading, no answer means that nothing matches.
    if (reply === undefined) return this.#isLoaded ? { kind: 'confirmed' } : this.#finishLoad('');
    const { version } = reply;
    // Without it the next question would be for everything, again and again.
    if (!version) throw new OpsError({ code: 'VSPHERE_NOT_SOAP', message: 'The server tells news without a version.' });
    const changes = toChanges(reply);
    this.#version = version;
    this.#pages = reply.truncated === true ? this.#pages + 1 : 0;
    if (this.#pages > MAX_PAGES) throw createTooLargeError();
    if (!this.#isLoaded) {
      for (const change of changes) this.#collect(change);
      return reply.truncated === true ? undefined : this.#finishLoad(version);
    }
    if (reply.truncated !== true) this.#wholeVersion = version;
    return changes.length === 0 ? { kind: 'confirmed' } : { kind: 'changed', changes };
  }

  #collect(change: ObjectChange): void {
    const key = `${change.ref.type}/${change.ref.value}`;
    if (change.kind === 'left') {
      this.#loading.delete(key);
      return;
    }
    const known = this.#loading.get(key);
    if (known === undefined) this.#loading.set(key, { ref: change.ref, properties: change.properties });
    else Object.assign(known.properties, change.properties);
    if (this.#loading.size > MAX_OBJECTS) throw createTooLargeError();
  }

  #finishLoad(version: string): Update {
    this.#isLoaded = true;
    this.#version = version;
    this.#wholeVersion = version;
    const objects = [...this.#loading.values()];
    this.#loading = new Map();
    return { kind: 'loaded', objects };
  }

  /** True when the loop may go on: by starting over, in a new session if need be. */
  #recover(error: unknown): boolean {
    if (isFault(error, 'RequestCanceled') && this.#isRestartAsked) return true;
    const isStale = isFault(error, 'InvalidCollectorVersion');
    const isLost = hasCode(error, 'VSPHERE_SESSION_EXPIRED') || isFault(error, 'ManagedObjectNotFound');
    if ((!isStale && !isLost) || ++this.#rebuilds > MAX_REBUILDS) return false;
    // What has gone may be the view alone; the collector has to be given back then. In a new session nothing is left to give back.
    this.#isRestartAsked = true;
    if (readMissingObject(error)?.type === 'ContainerView') this.#view.forget();
    return true;
  }

  #reset(): void {
    this.#pages = 0;
    this.#isRestartAsked = false;
    this.#isLoaded = false;
    this.#version = '';
    this.#wholeVersion = '';
    this.#loading = new Map();
  }

  /** Destroying a collector destroys its filters and ends its wait. */
  async #release(): Promise<void> {
    const watch = this.#watch;
    this.#watch = undefined;
    this.#reset();
    if (watch === undefined || this.#session.current?.epoch !== watch.epoch) return;
    try {
      await this.#session.call(
        { method: 'DestroyPropertyCollector', self: watch.collector, args: {} },
        { priority: 'normal', idempotent: true, boundTo: watch.epoch, timeoutMs: 5_000 },
      );
    } catch (error) {
      this.#logger.debug('A property collector was left to the end of its session.', { error });
    }
  }
}

const createTooLargeError = (): OpsError =>
  new OpsError({ code: 'VSPHERE_ANSWER_TOO_LARGE', message: 'The server lists more objects than any server manages.' });
