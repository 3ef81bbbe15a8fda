import { OpsError, type Priority } from '@breakwater/kernel';
import type { ApiVersion, Encodable, Moref, Result, Value } from '../schema/index.ts';
import { hasCode, isFault, readMissingObject, type Session, type SignedIn } from '../session/index.ts';
import type { Digest } from '../wire/index.ts';
import { type ObjectView, toViewSpec } from './object-view.ts';
import { type PropertySet, selectKnownPaths } from './property-paths.ts';

/** An object and what was asked of it. Properties that are unset or not allowed to be read are absent. */
export interface ObjectSnapshot {
  readonly ref: Moref;
  readonly properties: Readonly<Record<string, unknown>>;
}

export interface ReadOptions {
  readonly priority: Priority;
  readonly signal?: AbortSignal | undefined;
}

/** A page of 250 machines is some 0.7 MB: a few round trips for a large fleet, and never a long wait for one answer. */
const PAGE_OBJECTS = 250;

/** A server whose pages never end must not fill our memory. */
const MAX_OBJECTS = 200_000;

/** A vCenter with 35,000 machines has 140. The pages of a hostile one may hold nothing and still announce more. */
const MAX_PAGES = 1_000;

/** Reads properties of many objects in few calls. Never object by object: that costs a hundred times as much on both sides. */
export class PropertyReader {
  readonly #session: Session;
  readonly #view: ObjectView;

  constructor(options: { readonly session: Session; readonly view: ObjectView }) {
    this.#session = options.session;
    this.#view = options.view;
  }

  /** Everything of the given types, page by page. Starts over once when the session ends or an object disappears in the middle. */
  readAll(sets: readonly PropertySet[], options: ReadOptions): Promise<readonly ObjectSnapshot[]> {
    return this.#readWhole(sets, { ...options, reading: SNAPSHOTS });
  }

  /**
   * The same, but each object is turned into what is needed of it while the answer is still arriving, so that the whole is
   * never held. An object that the server tells twice comes twice. `toKept` must be pure: pages may be read again.
   */
  readEach<T>(
    sets: readonly PropertySet[],
    options: ReadOptions & { readonly toKept: (object: ObjectSnapshot) => T },
  ): Promise<readonly T[]> {
    const { toKept, ...rest } = options;
    return this.#readWhole(sets, { ...rest, reading: toKeptReading(toKept) });
  }

  async #readWhole<T>(sets: readonly PropertySet[], options: ReadOptions & { readonly reading: Reading<T> }): Promise<readonly T[]> {
    try {
      return await this.#readPages(sets, options);
    } catch (error) {
      if (!hasCode(error, 'VSPHERE_SESSION_EXPIRED') && !isFault(error, 'ManagedObjectNotFound')) throw error;
      if (readMissingObject(error)?.type === 'ContainerView') this.#view.forget();
      return this.#readPages(sets, options);
    }
  }

  /** Properties of objects whose references are known. Objects that are gone fail the call with `ManagedObjectNotFound`. */
  async readObjects(refs: readonly Moref[], options: ReadOptions & { readonly set: PropertySet }): Promise<readonly ObjectSnapshot[]> {
    const { set, priority, signal } = options;
    if (refs.length === 0) return [];
    const server = await this.#session.open({ signal });
    const reading = SNAPSHOTS;
    const spec = { propSet: toPropertySpecs([set], server.apiVersion), objectSet: refs.map((obj) => ({ obj, skip: false })) };
    const page = await this.#session.call(
      {
        method: 'RetrievePropertiesEx',
        self: server.propertyCollector,
        args: { specSet: [spec], options: { maxObjects: refs.length } },
        digest: reading.digest,
      },
      { priority, signal, idempotent: true },
    );
    const first = reading.take(page);
    return page?.token === undefined ? first : [...first, ...(await this.#readRest(page.token, { server, reading, priority, signal }))];
  }

  async #readPages<T>(
    sets: readonly PropertySet[],
    { reading, priority, signal }: ReadOptions & { readonly reading: Reading<T> },
  ): Promise<readonly T[]> {
    const server = await this.#session.open({ signal });
    const view = await this.#view.open(server);
    const specSet = [toViewSpec(view, selectKnownPaths(sets, server.apiVersion))];
    const page = await this.#session.call(
      {
        method: 'RetrievePropertiesEx',
        self: server.propertyCollector,
        args: { specSet, options: { maxObjects: PAGE_OBJECTS } },
        digest: reading.digest,
      },
      { priority, signal, idempotent: true, boundTo: server.epoch },
    );
    const first = reading.take(page);
    return page?.token === undefined ? first : [...first, ...(await this.#readRest(page.token, { server, reading, priority, signal }))];
  }

  /** Pages belong to the session and the collector that began them. */
  async #readRest<T>(
    token: string,
    { server, reading, priority, signal }: ReadOptions & { readonly server: SignedIn; readonly reading: Reading<T> },
  ): Promise<readonly T[]> {
    const rest: T[] = [];
    const self = server.propertyCollector;
    let next: string | undefined = token;
    try {
      for (let pages = 1; next !== undefined; pages++) {
        if (pages > MAX_PAGES || rest.length > MAX_OBJECTS) {
          throw new OpsError({ code: 'VSPHERE_ANSWER_TOO_LARGE', message: 'The server lists more objects than any server manages.' });
        }
        const page: Result<'ContinueRetrievePropertiesEx'> = await this.#session.call(
          { method: 'ContinueRetrievePropertiesEx', self, args: { token: next }, digest: reading.digest },
          // A token is good once, so a lost page cannot be asked for again.
          { priority, signal, idempotent: false, boundTo: server.epoch },
        );
        next = page?.token;
        for (const each of reading.take(page)) rest.push(each);
      }
      return rest;
    } catch (error) {
      // With the session its pages have gone.
      if (next !== undefined && !hasCode(error, 'VSPHERE_SESSION_EXPIRED')) this.#dropRest(next, server);
      throw error;
    }
  }

  /** Lets the server forget the pages that nobody will fetch. */
  #dropRest(token: string, server: SignedIn): void {
    this.#session
      .call(
        { method: 'CancelRetrievePropertiesEx', self: server.propertyCollector, args: { token } },
        { priority: 'low', idempotent: true, boundTo: server.epoch, timeoutMs: 5_000 },
      )
      // Best effort on the way out: the caller is told why it stopped, and the server drops the pages with the session.
      .catch(() => undefined);
  }
}

function toPropertySpecs(sets: readonly PropertySet[], version: ApiVersion): readonly Encodable<'PropertySpec'>[] {
  return selectKnownPaths(sets, version).map(({ type, paths }) => ({ type, pathSet: paths }));
}

/** How the objects of a page are condensed while it is read, and what is taken from the page then. */
interface Reading<T> {
  readonly digest: Digest;
  readonly take: (page: Value<'RetrieveResult'> | undefined) => readonly T[];
}

/** What stands for an object in an answer that was read with a digest. */
interface Condensed<T> {
  /** Tells whether the session had ended. */
  readonly missingSet: Value<'ObjectContent'>['missingSet'] | undefined;
  readonly kept: T | undefined;
}

const SNAPSHOTS: Reading<ObjectSnapshot> = {
  digest: toDigest((object) => object),
  take: (page) => mergeSnapshots(readKept<MutableSnapshot>(page)),
};

const toKeptReading = <T>(toKept: (object: ObjectSnapshot) => T): Reading<T> => ({
  digest: toDigest(toKept),
  take: (page) => readKept<T>(page),
});

function readKept<T>(page: Value<'RetrieveResult'> | undefined): readonly T[] {
  const objects = (page?.objects ?? []) as readonly unknown[] as readonly Condensed<T>[];
  return objects.flatMap(({ kept }) => (kept === undefined ? [] : [kept]));
}

function toDigest<T>(toKept: (object: MutableSnapshot) => T): Digest {
  return {
    type: 'ObjectContent',
    toKept: (struct): Condensed<T> => {
      const { obj, propSet, missingSet } = struct as Value<'ObjectContent'>;
      if (obj === undefined) return { missingSet, kept: undefined };
      const properties: Record<string, unknown> = {};
      for (const { name, val } of propSet ?? []) if (name !== undefined && name !== '__proto__') properties[name] = val;
      return { missingSet, kept: toKept({ ref: obj, properties }) };
    },
  };
}

interface MutableSnapshot extends ObjectSnapshot {
  readonly properties: Record<string, unknown>;
}

/** The same object may come twice in one answer; the later values count. */
function mergeSnapshots(objects: readonly MutableSnapshot[]): readonly ObjectSnapshot[] {
  const byKey = new Map<string, MutableSnapshot>();
  for (const object of objects) {
    const key = `${object.ref.type}/${object.ref.value}`;
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, object);
    else Object.assign(known.properties, object.properties);
  }
  return [...byKey.values()];
}
