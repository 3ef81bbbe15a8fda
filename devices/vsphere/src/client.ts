import type { Clock, Logger, Moid, Secret } from '@breakwater/kernel';
import { silentLogger, systemClock } from '@breakwater/kernel';
import type { Transport } from '@breakwater/transport';
import {
  Inventory,
  type InventoryNews,
  readGauges,
  ScreenCamera,
  type ServerGauges,
  VirtualMachine,
  WATCHED_SETS,
} from './objects/index.ts';
import { ObjectView, ObjectWaiter, PropertyReader, type ReadOptions, UpdateStream } from './properties/index.ts';
import { type ServerProduct, Session } from './session/index.ts';
import { WorkSlicer } from './wire/index.ts';

export interface VsphereClientOptions {
  /** To one server, with whatever resilience belongs around its calls. The client does not close it. */
  readonly transport: Transport;
  readonly user: string;
  readonly password: Secret;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Default: silent. */
  readonly logger?: Logger;
  /** How long the server may hold back its answer while there is no news. Default: 240 s; shorter than a few minutes costs servers more than it gives. */
  readonly maxWaitMs?: number;
  /** Idle time after which the session is touched. Default: 10 min; servers end idle sessions after 30 min. */
  readonly keepAliveAfterMs?: number;
  /** Lets other work have its turn while a large answer is read. Default: one turn of the event loop. */
  readonly yieldTurn?: () => Promise<void>;
}

/** One ESXi host or vCenter. Signs in when first needed; holds one session, whatever is asked of it. */
export interface VsphereClient {
  /** Signs in if need be and says who is there. */
  connect(options: { readonly signal?: AbortSignal }): Promise<ServerProduct>;
  /** The whole inventory, then its changes. See `Inventory.follow`. */
  follow(options: { readonly signal: AbortSignal }): AsyncGenerator<InventoryNews, void, undefined>;
  /** Has `follow` bring the whole inventory again. */
  invalidate(): void;
  /** The whole inventory once. */
  load(options: ReadOptions): Promise<Extract<InventoryNews, { kind: 'loaded' }>>;
  readGauges(options: ReadOptions): Promise<ServerGauges>;
  machine(moid: Moid): VirtualMachine;
  /** Lifts the refusal of a sign-in. Only for a person's wish: each try may lock the account. */
  retrySignIn(): void;
  /** Ends everything and signs out. */
  close(): Promise<void>;
}

const DEFAULT_MAX_WAIT_MS = 240_000;
const DEFAULT_KEEP_ALIVE_AFTER_MS = 600_000;

export function createVsphereClient(options: VsphereClientOptions): VsphereClient {
  const { transport, user, password, clock = systemClock, logger = silentLogger } = options;
  const slicer = new WorkSlicer({ clock, yieldTurn: options.yieldTurn });
  const session = new Session({
    transport,
    user,
    password,
    clock,
    logger,
    keepAliveAfterMs: options.keepAliveAfterMs ?? DEFAULT_KEEP_ALIVE_AFTER_MS,
    slicer,
  });
  const view = new ObjectView(session);
  const reader = new PropertyReader({ session, view });
  const waiter = new ObjectWaiter({ session, clock, logger });
  const maxWaitMs = options.maxWaitMs ?? DEFAULT_MAX_WAIT_MS;
  const stream = new UpdateStream({ session, view, sets: WATCHED_SETS, clock, logger, maxWaitMs });
  const inventory = new Inventory({ session, reader, stream, slicer });
  const camera = new ScreenCamera({ session, reader, waiter, clock, logger });
  const tools = { session, reader, waiter, camera, clock, origin: transport.origin };
  return {
    async connect({ signal }) {
      return (await session.open({ signal })).product;
    },
    follow: (followOptions) => inventory.follow(followOptions),
    invalidate: () => inventory.invalidate(),
    load: (readOptions) => inventory.load(readOptions),
    readGauges: (readOptions) => readGauges({ reader, slicer }, readOptions),
    machine: (moid) => new VirtualMachine(moid, tools),
    retrySignIn: () => session.retrySignIn(),
    async close() {
      await camera.close();
      try {
        await view.close();
      } catch (error) {
        logger.debug('A view was left to the end of its session.', { error });
      }
      await session.close();
    },
  };
}
