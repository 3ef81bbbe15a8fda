import type { Moid } from '@breakwater/kernel';
import type { ObjectSnapshot, PropertyReader, PropertySet, ReadOptions, Update, UpdateStream } from '../properties/index.ts';
import type { ServerProduct, Session } from '../session/index.ts';
import type { WorkSlicer } from '../wire/index.ts';
import { Fields } from './fields.ts';
import { InventoryBook } from './inventory-book.ts';
import { type MachineFacts, toMachineFacts, WATCHED_MACHINE } from './machine-facts.ts';
import { decodeName } from './names.ts';

export type InventoryNews =
  /** The whole inventory: what is not in `machines` is gone. */
  | { readonly kind: 'loaded'; readonly product: ServerProduct; readonly machines: readonly MachineFacts[] }
  | { readonly kind: 'changed'; readonly upserted: readonly MachineFacts[]; readonly removed: readonly Moid[] }
  /** Nothing changed, and the server has just said so. */
  | { readonly kind: 'confirmed' };

const WATCHED_HOST: PropertySet = { type: 'HostSystem', paths: ['name'] };

export const WATCHED_SETS: readonly PropertySet[] = [WATCHED_MACHINE, WATCHED_HOST];

/** Machines as facts, from the stream of property updates or from one full read. */
export class Inventory {
  readonly #session: Session;
  readonly #reader: PropertyReader;
  readonly #stream: UpdateStream;
  readonly #slicer: WorkSlicer;

  constructor(options: {
    readonly session: Session;
    readonly reader: PropertyReader;
    readonly stream: UpdateStream;
    readonly slicer: WorkSlicer;
  }) {
    this.#session = options.session;
    this.#reader = options.reader;
    this.#stream = options.stream;
    this.#slicer = options.slicer;
  }

  /**
   * The whole inventory, then what changes, until the signal aborts. Throws when the server cannot be reached; call it
   * again to go on where it ended, then possibly without a new `loaded`.
   */
  async *follow({ signal }: { readonly signal: AbortSignal }): AsyncGenerator<InventoryNews, void, undefined> {
    for await (const update of this.#stream.follow({ signal })) {
      const news = await this.#take(update);
      if (news !== undefined) yield news;
    }
  }

  /** Has the whole inventory come again at the next turn of `follow`. */
  invalidate(): void {
    this.#stream.restart();
  }

  /** The whole inventory in one paged read, without following it. */
  async load(options: ReadOptions): Promise<Extract<InventoryNews, { kind: 'loaded' }>> {
    const { product } = await this.#session.open({ signal: options.signal });
    const told = await this.#reader.readEach(WATCHED_SETS, { ...options, toKept: toTold });
    const hostNames = new Map<string, string>();
    for (const each of told) if (each.kind === 'host' && each.name !== null) hostNames.set(each.moid, decodeName(each.name));
    const machines = new Map<string, MachineFacts>();
    await this.#slicer.forEach(told, (each) => {
      if (each.kind !== 'machine') return;
      const hostName = each.host === null ? null : (hostNames.get(each.host) ?? null);
      machines.set(each.facts.moid, { ...each.facts, hostName });
    });
    return { kind: 'loaded', product, machines: [...machines.values()] };
  }

  // Kept between two calls of `follow`, because the stream goes on where it ended.
  #book = new InventoryBook();

  /** A new book with everything in it. Thousands of machines take longer than the process may be held up. */
  async #open(objects: readonly ObjectSnapshot[]): Promise<{ readonly book: InventoryBook; readonly machines: readonly MachineFacts[] }> {
    const book = new InventoryBook();
    const machines: MachineFacts[] = [];
    await this.#slicer.forEach(objects, ({ ref, properties }) => book.assign(ref, properties));
    await this.#slicer.forEach(book.moids(), (moid) => {
      const facts = book.facts(moid);
      if (facts !== null) machines.push(facts);
    });
    return { book, machines };
  }

  async #take(update: Update): Promise<InventoryNews | undefined> {
    switch (update.kind) {
      case 'confirmed':
        return update;
      case 'changed':
        return this.#book.apply(update.changes);
      case 'loaded': {
        const product = this.#session.current?.product;
        // The session ended between the answer and now; the stream is about to load again.
        if (product === undefined) return undefined;
        const { book, machines } = await this.#open(update.objects);
        this.#book = book;
        return { kind: 'loaded', product, machines };
      }
    }
  }
}

/** What one object of a full read says. Names of hosts may come after their machines. */
type Told =
  | { readonly kind: 'machine'; readonly facts: MachineFacts; readonly host: string | null }
  | { readonly kind: 'host'; readonly moid: string; readonly name: string | null }
  | { readonly kind: 'other' };

function toTold({ ref, properties }: ObjectSnapshot): Told {
  const fields = new Fields(properties);
  if (ref.type === 'HostSystem') return { kind: 'host', moid: ref.value, name: fields.text('name') };
  if (ref.type !== 'VirtualMachine') return { kind: 'other' };
  const facts = toMachineFacts(ref.value, properties, { hostNameOf: () => null });
  return { kind: 'machine', facts, host: fields.ref('runtime.host')?.value ?? null };
}
