import { type Clock, type Logger, onAbort, sleep, type TimerHandle } from '@breakwater/kernel';
import type { Moref } from '../schema/index.ts';
import { createExpiredError, hasCode, isFault, type Session, type SignedIn } from '../session/index.ts';
import type { PropertySet } from './property-paths.ts';
import { FLAT_UPDATES, toChanges } from './update-set.ts';

export interface WaitOptions<T> {
  readonly set: PropertySet;
  /** Called with all properties known so far after every change. Anything but undefined ends the wait. */
  readonly judge: (properties: Readonly<Record<string, unknown>>) => T | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type WaitOutcome<T> = { readonly kind: 'settled'; readonly value: T } | { readonly kind: 'gone' };

interface Waiter {
  readonly ref: Moref;
  readonly set: PropertySet;
  readonly properties: Record<string, unknown>;
  readonly judge: (properties: Readonly<Record<string, unknown>>) => unknown;
  readonly settle: (outcome: WaitOutcome<unknown>) => void;
  readonly reject: (error: unknown) => void;
  /** The filter that watches it, in the session that it belongs to. */
  filter: { readonly epoch: number; readonly moref: Moref } | undefined;
}

interface Collector {
  readonly epoch: number;
  readonly moref: Moref;
  version: string;
}

/** The one call that waits for news. */
interface Parked {
  readonly collector: Collector;
  readonly abort: AbortController;
  state: 'waiting' | 'woken' | 'overdue';
  overdue?: TimerHandle;
}

const MAX_WAIT_SECONDS = 15;
const TIMEOUT_MS = 60_000;
const MAX_REBUILDS = 2;

/** The collector or its state is gone on the server, or somebody else ended our wait. */
const LOST_FAULTS = ['InvalidCollectorVersion', 'ManagedObjectNotFound', 'RequestCanceled'] as const;

/** A server that has been told to end the wait, and has not within this time, is asked anew by a collector that knows all objects. */
const WAKE_GRACE_MS = 1_000;

/** Least time between two parked calls, should a server answer them without waiting. */
const PACE_MS = 250;

/**
 * Waits for things to happen to single objects: a task to end, a machine to be off. However many are waited for, there is
 * one collector and one parked call, and neither while nothing is waited for.
 */
export class ObjectWaiter {
  readonly #session: Session;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #waiters = new Set<Waiter>();
  #isPumping = false;
  /** Waits that we ended ourselves and whose refusal has not come yet. */
  #wakes = 0;
  #parked: Parked | undefined;

  constructor(options: { readonly session: Session; readonly clock: Clock; readonly logger: Logger }) {
    this.#session = options.session;
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  /** Rejects when the signal aborts, and when the server cannot be asked any more. */
  waitFor<T>(ref: Moref, options: WaitOptions<T>): Promise<WaitOutcome<T>> {
    return new Promise<WaitOutcome<T>>((resolve, reject) => {
      let forgetAbort = (): void => undefined;
      const waiter: Waiter = {
        ref,
        set: options.set,
        properties: {},
        judge: options.judge,
        settle: (outcome) => {
          forgetAbort();
          resolve(outcome as WaitOutcome<T>);
        },
        reject: (error) => {
          forgetAbort();
          reject(error);
        },
        filter: undefined,
      };
      if (options.signal?.aborted === true) {
        reject(options.signal.reason);
        return;
      }
      forgetAbort = onAbort(options.signal, (reason) => {
        reject(reason);
        this.#drop(waiter);
      });
      this.#waiters.add(waiter);
      if (this.#isPumping) this.#wake();
      else void this.#pump();
    });
  }

  /** Makes the parked call return, so that a new object is watched as well. */
  #wake(): void {
    const parked = this.#parked;
    if (parked?.state !== 'waiting') return;
    parked.state = 'woken';
    this.#wakes++;
    const { collector } = parked;
    this.#session
      .call(
        { method: 'CancelWaitForUpdates', self: collector.moref, args: {} },
        { priority: 'critical', idempotent: true, boundTo: collector.epoch, timeoutMs: TIMEOUT_MS },
      )
      .catch((error: unknown) => this.#logger.debug('A wait could not be ended early.', { error }));
    // It may also have overtaken the call that it is to end.
    parked.overdue = this.#clock.after(WAKE_GRACE_MS, () => {
      parked.state = 'overdue';
      parked.abort.abort();
    });
  }

  #drop(waiter: Waiter): void {
    this.#waiters.delete(waiter);
    if (this.#waiters.size === 0) this.#parked?.abort.abort();
    else this.#unwatch(waiter);
  }

  async #pump(): Promise<void> {
    this.#isPumping = true;
    let collector: Collector | undefined;
    let rebuilds = 0;
    while (this.#waiters.size > 0) {
      try {
        const server = await this.#session.open();
        if (collector?.epoch !== server.epoch) collector = await this.#createCollector(server);
        await this.#watchNew(collector);
        if (this.#waiters.size === 0) break;
        // One may have come while the last filter was on its way; nothing would wake the wait for it.
        if (this.#hasUnwatched(collector)) continue;
        const parkedAt = this.#clock.now();
        const end = await this.#park(collector);
        rebuilds = 0;
        if (end === 'overdue') {
          await this.#destroy(collector);
          collector = undefined;
          this.#forgetFilters();
          continue;
        }
        const earlyMs = parkedAt + PACE_MS - this.#clock.now();
        if (earlyMs > 0 && this.#waiters.size > 0) await sleep(this.#clock, earlyMs);
      } catch (error) {
        if (this.#waiters.size === 0) break;
        if (isFault(error, 'RequestCanceled') && this.#wakes > 0) {
          this.#wakes = 0;
          continue;
        }
        const isLost = hasCode(error, 'VSPHERE_SESSION_EXPIRED') || isFault(error, ...LOST_FAULTS);
        if (isLost && ++rebuilds <= MAX_REBUILDS) {
          collector = undefined;
          this.#forgetFilters();
          continue;
        }
        this.#rejectAll(error);
      }
    }
    this.#isPumping = false;
    if (collector !== undefined) await this.#destroy(collector);
  }

  #forgetFilters(): void {
    this.#wakes = 0;
    for (const waiter of this.#waiters) waiter.filter = undefined;
  }

  async #createCollector(server: SignedIn): Promise<Collector> {
    const moref = await this.#session.call(
      { method: 'CreatePropertyCollector', self: server.propertyCollector, args: {} },
      { priority: 'critical', idempotent: true, boundTo: server.epoch },
    );
    if (moref === undefined) throw createExpiredError('CreatePropertyCollector');
    return { epoch: server.epoch, moref, version: '' };
  }

  #hasUnwatched(collector: Collector): boolean {
    for (const waiter of this.#waiters) if (waiter.filter?.epoch !== collector.epoch) return true;
    return false;
  }

  async #watchNew(collector: Collector): Promise<void> {
    for (const waiter of this.#waiters) {
      if (waiter.filter?.epoch === collector.epoch) continue;
      const { type, paths } = waiter.set;
      const spec = { propSet: [{ type, pathSet: paths }], objectSet: [{ obj: waiter.ref, skip: false }] };
      try {
        const moref = await this.#session.call(
          { method: 'CreateFilter', self: collector.moref, args: { spec, partialUpdates: false } },
          { priority: 'critical', idempotent: true, boundTo: collector.epoch },
        );
        if (moref === undefined) throw createExpiredError('CreateFilter');
        waiter.filter = { epoch: collector.epoch, moref };
        if (!this.#waiters.has(waiter) && this.#waiters.size > 0) this.#unwatch(waiter);
      } catch (error) {
        if (!isFault(error, 'ManagedObjectNotFound')) throw error;
        this.#finish(waiter, { kind: 'gone' });
      }
    }
  }

  async #park(collector: Collector): Promise<'answered' | 'overdue'> {
    const parked: Parked = { collector, abort: new AbortController(), state: 'waiting' };
    this.#parked = parked;
    try {
      const reply = await this.#session.call(
        {
          method: 'WaitForUpdatesEx',
          self: collector.moref,
          args: { version: collector.version, options: { maxWaitSeconds: MAX_WAIT_SECONDS } },
          digest: FLAT_UPDATES,
        },
        {
          priority: 'critical',
          lane: 'parked',
          idempotent: true,
          timeoutMs: TIMEOUT_MS,
          boundTo: collector.epoch,
          signal: parked.abort.signal,
        },
      );
      if (reply === undefined) return 'answered';
      collector.version = reply.version ?? '';
      for (const change of toChanges(reply)) this.#apply(change.ref, change.kind === 'left' ? undefined : change.properties);
      return 'answered';
    } catch (error) {
      if (parked.state === 'overdue') return 'overdue';
      throw error;
    } finally {
      parked.overdue?.cancel();
      this.#parked = undefined;
    }
  }

  #apply(ref: Moref, properties: Readonly<Record<string, unknown>> | undefined): void {
    for (const waiter of this.#waiters) {
      if (waiter.ref.type !== ref.type || waiter.ref.value !== ref.value) continue;
      if (properties === undefined) {
        this.#finish(waiter, { kind: 'gone' });
        continue;
      }
      Object.assign(waiter.properties, properties);
      const value = waiter.judge(waiter.properties);
      if (value !== undefined) this.#finish(waiter, { kind: 'settled', value });
    }
  }

  #finish(waiter: Waiter, outcome: WaitOutcome<unknown>): void {
    this.#waiters.delete(waiter);
    waiter.settle(outcome);
    // The last one's filter goes with the collector.
    if (this.#waiters.size > 0) this.#unwatch(waiter);
  }

  /** A filter that nobody waits for would go on telling its changes as long as there is a collector. */
  #unwatch({ filter }: Waiter): void {
    if (filter === undefined) return;
    this.#session
      .call(
        { method: 'DestroyPropertyFilter', self: filter.moref, args: {} },
        { priority: 'normal', idempotent: true, boundTo: filter.epoch },
      )
      .catch((error: unknown) => this.#logger.debug('A property filter was left to the end of its collector.', { error }));
  }

  #rejectAll(error: unknown): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const waiter of waiters) waiter.reject(error);
  }

  async #destroy(collector: Collector): Promise<void> {
    if (this.#session.current?.epoch !== collector.epoch) return;
    try {
      await this.#session.call(
        { method: 'DestroyPropertyCollector', self: collector.moref, args: {} },
        { priority: 'normal', idempotent: true, boundTo: collector.epoch, timeoutMs: 5_000 },
      );
    } catch (error) {
      this.#logger.debug('A property collector was left to the end of its session.', { error });
    }
  }
}
