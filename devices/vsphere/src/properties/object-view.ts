import type { Encodable, Moref } from '../schema/index.ts';
import { createExpiredError, type Session, type SignedIn } from '../session/index.ts';
import type { PropertySet } from './property-paths.ts';

/** All that a fleet shows; kinds the server does not have simply do not occur. */
const VIEWED_TYPES = ['VirtualMachine', 'HostSystem', 'Datastore'] as const;

interface LivingView {
  readonly epoch: number;
  readonly moref: Promise<Moref>;
}

/** One container view per session over everything below the root folder; shared by reads and by the update filter. */
export class ObjectView {
  readonly #session: Session;
  #view: LivingView | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  /** The view of this session. Made at first use; gone with the session. */
  async open(server: SignedIn): Promise<Moref> {
    const known = this.#view;
    if (known?.epoch === server.epoch) return known.moref;
    const fresh: LivingView = { epoch: server.epoch, moref: this.#create(server) };
    this.#view = fresh;
    try {
      return await fresh.moref;
    } catch (error) {
      if (this.#view === fresh) this.#view = undefined;
      throw error;
    }
  }

  /** The server does not know the view any more. */
  forget(): void {
    this.#view = undefined;
  }

  /** Views that nobody destroys stay in the server's memory until the session ends. */
  async close(): Promise<void> {
    const known = this.#view;
    this.#view = undefined;
    if (known === undefined || this.#session.current?.epoch !== known.epoch) return;
    const self = await known.moref;
    await this.#session.call(
      { method: 'DestroyView', self, args: {} },
      { priority: 'normal', idempotent: true, boundTo: known.epoch, timeoutMs: 5_000 },
    );
  }

  /** Shared by all who wait for it, so no single caller's signal ends it. */
  async #create(server: SignedIn): Promise<Moref> {
    const moref = await this.#session.call(
      {
        method: 'CreateContainerView',
        self: server.viewManager,
        args: { container: server.rootFolder, type: VIEWED_TYPES, recursive: true },
      },
      { priority: 'high', idempotent: true, boundTo: server.epoch },
    );
    if (moref === undefined) throw createExpiredError('CreateContainerView');
    return moref;
  }
}

/** Selects the objects of a view, but not the view itself. */
export function toViewSpec(view: Moref, sets: readonly PropertySet[]): Encodable<'PropertyFilterSpec'> {
  return {
    propSet: sets.map(({ type, paths }) => ({ type, pathSet: paths })),
    objectSet: [
      {
        obj: view,
        skip: true,
        selectSet: [{ $type: 'TraversalSpec', name: 'view', type: 'ContainerView', path: 'view', skip: false }],
      },
    ],
  };
}
