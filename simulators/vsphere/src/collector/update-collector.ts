import { type Clock, onAbort } from '@breakwater/kernel';
import type { Moref } from '@breakwater/vsphere/schema';
import { describeDenied } from '../model/permissions.ts';
import type { World } from '../model/world.ts';
import { EncodedXml } from '../soap/encode-value.ts';
import { SoapFault } from '../soap/soap-fault.ts';
import type { ObjectChange, PropertyFilter } from './property-filter.ts';

export interface WaitRequest {
  readonly version: string;
  /** Undefined waits for as long as the connection lives. */
  readonly maxWaitMs: number | undefined;
  readonly maxObjects: number;
  readonly coalesceMs: number;
  readonly signal: AbortSignal;
  /** Called when the call starts to wait. */
  readonly onParked: () => void;
}

type Wake = 'changed' | 'timeout' | 'canceled' | 'stopped' | 'gone';
type Page = { readonly filter: PropertyFilter; readonly change: ObjectChange }[];

/** Filters of one property collector and the chain of versions that its client walks. */
export class UpdateCollector {
  readonly ref: Moref;
  readonly filters = new Map<string, PropertyFilter>();
  readonly #world: World;
  readonly #clock: Clock;
  /** Last complete version that the client has shown to have. */
  #confirmed = '';
  /** Complete version of the last answer; confirmed when it comes back. */
  #offered: string | undefined;
  /** While an answer is given in pages: the rest, and the one version that fetches it. */
  #paging: { readonly version: string; readonly rest: Page } | undefined;
  #count = 0;
  #wake: ((wake: Wake) => void) | undefined;

  constructor(ref: Moref, options: { readonly world: World; readonly clock: Clock }) {
    this.ref = ref;
    this.#world = options.world;
    this.#clock = options.clock;
  }

  get isWaiting(): boolean {
    return this.#wake !== undefined;
  }

  /** Lets a waiting call look again, as after a filter was added. */
  wake(): void {
    this.#wake?.('changed');
  }

  /** Ends a waiting call with `RequestCanceled`. */
  cancel(): void {
    this.#wake?.('canceled');
  }

  /** Ends a waiting call because the session is over. */
  stop(): void {
    this.#wake?.('stopped');
  }

  /** The next update set, or undefined when nothing changed in time. */
  async wait(request: WaitRequest): Promise<unknown> {
    this.#wake?.('canceled');
    const rest = this.#enter(request.version);
    if (rest !== undefined) return this.#answer(rest, request.maxObjects);
    const deadlineMs = request.maxWaitMs === undefined ? undefined : this.#clock.now() + request.maxWaitMs;
    for (;;) {
      const changes = [...this.filters.values()].flatMap((filter) => filter.diff().map((change) => ({ filter, change })));
      if (changes.length > 0) return this.#answer(changes, request.maxObjects);
      const leftMs = deadlineMs === undefined ? undefined : deadlineMs - this.#clock.now();
      if (leftMs !== undefined && leftMs <= 0) return undefined;
      request.onParked();
      const wake = await this.#park({ leftMs, coalesceMs: request.coalesceMs, signal: request.signal });
      if (wake === 'canceled') throw new SoapFault('RequestCanceled', { text: 'The request was canceled by a user.' });
      if (wake === 'stopped')
        throw new SoapFault('NotAuthenticated', {
          text: 'The session is not authenticated.',
          fields: { object: this.ref, privilegeId: 'System.View' },
        });
      if (wake === 'gone') return undefined;
    }
  }

  /** Moves along the chain; returns the rest of a paged answer if that is what the version asks for. */
  #enter(version: string): Page | undefined {
    const paging = this.#paging;
    this.#paging = undefined;
    if (version === '') {
      this.#confirmed = '';
      this.#offered = undefined;
      for (const filter of this.filters.values()) filter.reset();
      return undefined;
    }
    if (paging?.version === version) return paging.rest;
    if (version === this.#offered) {
      this.#confirmed = version;
      this.#offered = undefined;
      for (const filter of this.filters.values()) filter.confirm();
      return undefined;
    }
    // The same complete version may be used again after a lost answer; the same changes are then told again.
    if (version === this.#confirmed) return undefined;
    throw new SoapFault('InvalidCollectorVersion', { text: 'The version is not known to this property collector.' });
  }

  #answer(changes: Page, maxObjects: number): unknown {
    const page = changes.slice(0, maxObjects);
    const rest = changes.slice(maxObjects);
    const number = ++this.#count;
    const truncated = rest.length > 0;
    const version = truncated ? `p${number}-${this.#count * 7919}` : `v${number}-${this.#count * 7919}`;
    this.#offered = truncated ? undefined : version;
    this.#paging = truncated ? { version, rest } : undefined;
    const sets = new Map<PropertyFilter, ObjectChange[]>();
    for (const { filter, change } of page) {
      const set = sets.get(filter);
      if (set === undefined) sets.set(filter, [change]);
      else set.push(change);
    }
    return {
      version,
      filterSet: [...sets].map(([filter, items]) => ({ filter: filter.ref, objectSet: items.map(describe) })),
      truncated: truncated ? true : undefined,
    };
  }

  async #park(options: { readonly leftMs: number | undefined; readonly coalesceMs: number; readonly signal: AbortSignal }): Promise<Wake> {
    const { promise, resolve } = Promise.withResolvers<Wake>();
    this.#wake = resolve;
    const timeout = options.leftMs === undefined ? undefined : this.#clock.after(options.leftMs, () => resolve('timeout'));
    let collecting: { cancel(): void } | undefined;
    const stopListening = this.#world.onChange(() => {
      collecting ??= this.#clock.after(options.coalesceMs, () => resolve('changed'));
    });
    const stopWatching = onAbort(options.signal, () => resolve('gone'));
    const wake = await promise;
    stopWatching();
    stopListening();
    collecting?.cancel();
    timeout?.cancel();
    if (this.#wake === resolve) this.#wake = undefined;
    return wake;
  }
}

function describe(change: ObjectChange): unknown {
  return {
    kind: change.kind,
    obj: change.ref,
    changeSet: change.changes.map(({ path, text }) => ({
      name: path,
      op: 'assign',
      val: text === undefined ? undefined : new EncodedXml(text),
    })),
    missingSet: change.denied.length === 0 ? undefined : change.denied.map((path) => describeDenied(change.ref, path)),
  };
}
