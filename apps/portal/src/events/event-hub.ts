import type { Principal } from '@breakwater/access';
import type { Fleet, FleetEvent } from '@breakwater/fleet';
import { type Clock, createId, formatInstant, type Logger, type MachineRef, OpsError, type TimerHandle } from '@breakwater/kernel';
import type { LiveFleet } from '../live/live-fleet.ts';
import type { ResilienceReader } from '../live/resilience-reader.ts';
import { formatEvent, type LastSeen } from './event-format.ts';
import { FrameRing, type NumberedEvent } from './frame-ring.ts';
import { formatScreen, PendingFrame, type ScreenNews } from './pending-frame.ts';
import { ResilienceFeed } from './resilience-feed.ts';
import { StreamConnection, type StreamSocket } from './stream-connection.ts';

export interface EventHubLimits {
  /** Shortest time between two frames: four a second. */
  readonly frameIntervalMs: number;
  /** How long the first change after a quiet time waits for others that belong to it. */
  readonly gatherMs: number;
  readonly heartbeatMs: number;
  readonly maxConnections: number;
  readonly maxConnectionsPerPrincipal: number;
  readonly maxBufferedBytes: number;
  /** A reader that does not drain for this long is cut off. */
  readonly maxLagMs: number;
  /** How many connections are written to before other work gets a turn. */
  readonly sliceSize: number;
}

export const EVENT_HUB_LIMITS: EventHubLimits = {
  frameIntervalMs: 250,
  gatherMs: 20,
  heartbeatMs: 15_000,
  maxConnections: 2_000,
  maxConnectionsPerPrincipal: 200,
  maxBufferedBytes: 1_048_576,
  maxLagMs: 30_000,
  sliceSize: 100,
};

const RING_LIMITS = { maxAgeMs: 300_000, maxBytes: 16_777_216, maxEvents: 20_000 };

const HEARTBEAT = Buffer.from(': still here\n\n');

export interface EventHubOptions {
  readonly fleet: Fleet;
  readonly live: LiveFleet;
  readonly resilience: Pick<ResilienceReader, 'read'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly boot: string;
  readonly limits?: Partial<EventHubLimits>;
}

/** Merges the fleet's events into frames and writes each frame, one shared buffer, to every open stream. */
export class EventHub {
  readonly boot: string;
  readonly #fleet: Fleet;
  readonly #live: LiveFleet;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #limits: EventHubLimits;
  readonly #ring: FrameRing;
  readonly #connections = new Map<string, StreamConnection>();
  readonly #resilience: ResilienceFeed;
  readonly #unsubscribe: () => void;
  #pending: PendingFrame | null = null;
  #seq = 0;
  #lastFrameMs = Number.NEGATIVE_INFINITY;
  #frameTimer: TimerHandle | null = null;
  #heartbeatTimer: TimerHandle | null = null;
  /** Frames leave in order although a frame to many connections takes several turns. */
  #sending: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: EventHubOptions) {
    this.boot = options.boot;
    this.#fleet = options.fleet;
    this.#live = options.live;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#limits = { ...EVENT_HUB_LIMITS, ...options.limits };
    this.#resilience = new ResilienceFeed(options.resilience, { clock: options.clock });
    this.#ring = new FrameRing(options.clock, RING_LIMITS);
    this.#unsubscribe = options.live.subscribe((event) => this.#gather(event));
  }

  get seq(): number {
    return this.#seq;
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Refuses before anything is written, while an ordinary error can still be sent. */
  assertRoom(principal: Principal): void {
    if (this.#isClosed) throw new OpsError({ code: 'PORTAL_CLOSING', message: 'The portal is stopping.' });
    let own = 0;
    for (const connection of this.#connections.values()) if (connection.principal.id === principal.id) own += 1;
    if (this.#connections.size >= this.#limits.maxConnections || own >= this.#limits.maxConnectionsPerPrincipal) {
      throw new OpsError({ code: 'PORTAL_TOO_MANY_STREAMS', message: 'Too many event streams are open. Close other tabs first.' });
    }
  }

  /** Starts a stream: `hello`, then what was missed since `lastSeen`, then everything new. The result ends it. */
  open(
    socket: StreamSocket,
    options: { readonly principal: Principal; readonly lastSeen: LastSeen | null; readonly identify: () => Promise<Principal | null> },
  ): { readonly id: string; readonly close: () => void } {
    const id = createId();
    const connection = new StreamConnection({
      id,
      principal: options.principal,
      socket,
      identify: options.identify,
      maxBufferedBytes: this.#limits.maxBufferedBytes,
    });
    connection.write(this.#greet(connection, options.lastSeen), { nowMs: this.#clock.now() });
    this.#connections.set(id, connection);
    this.#heartbeatTimer ??= this.#clock.after(this.#limits.heartbeatMs, () => this.#beat());
    return { id, close: () => this.#drop(connection) };
  }

  /** Says which machines a stream shows; their current screens are sent, because earlier news of them was left out. */
  setVisible(
    id: string,
    options: { readonly principal: Principal; readonly machines: readonly MachineRef[]; readonly resilience: 'shown' | 'hidden' },
  ): void {
    const connection = this.#connections.get(id);
    if (connection === undefined || connection.principal.id !== options.principal.id) {
      throw new OpsError({ code: 'PORTAL_STREAM_UNKNOWN', message: 'This event stream is not open. Connect again first.' });
    }
    const known = options.machines.filter((ref) => this.#live.fragments.machine(ref.serverId, ref.moid) !== null);
    const added = connection.setVisible(known);
    this.#fleet.setVisible(id, known);
    if (options.resilience === 'shown') this.#resilience.watch(connection);
    else this.#resilience.forget(connection);
    const screens = added.map((ref) => {
      const machine = this.#live.fragments.machine(ref.serverId, ref.moid);
      return formatScreen(ref, { hash: machine?.screen_hash ?? null, at: machine?.screen_at ?? null });
    });
    if (screens.length > 0) connection.write([formatScreens(screens)], { nowMs: this.#clock.now() });
  }

  /** For the moment in which somebody's rights have changed; otherwise the next heartbeat finds out. */
  checkReaders(): void {
    for (const connection of this.#connections.values()) this.#checkReader(connection);
  }

  /** Tells every stream to come back, and ends it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#unsubscribe();
    this.#resilience.close();
    this.#frameTimer?.cancel();
    this.#heartbeatTimer?.cancel();
    await this.#sending;
    const farewell = formatResync('closing');
    for (const connection of this.#connections.values()) {
      this.#drop(connection);
      connection.end(farewell);
    }
  }

  #greet({ id, principal }: StreamConnection, lastSeen: LastSeen | null): readonly Buffer[] {
    const data = JSON.stringify({
      boot: this.boot,
      seq: this.#seq,
      server_time: formatInstant(this.#clock.wall()),
      connection: id,
      reader: toReader(principal),
    });
    const missed = lastSeen === null ? [] : this.#findMissed(lastSeen);
    const seenSeq = lastSeen !== null && missed !== null ? lastSeen.seq : this.#seq;
    // The id stands for what is seen so far: cut off before the missed events arrive, the browser asks for them again.
    const hello = `retry: 3000\n${formatEvent({ name: 'hello', data, id: `${this.boot}-${seenSeq}` })}`;
    return [Buffer.from(hello), ...(missed ?? [formatResync(lastSeen?.boot === this.boot ? 'too_old' : 'restarted')])];
  }

  #findMissed(lastSeen: LastSeen): readonly Buffer[] | null {
    if (lastSeen.boot !== this.boot || lastSeen.seq > this.#seq) return null;
    return this.#ring.since(lastSeen.seq);
  }

  #gather(event: FleetEvent): void {
    if (this.#isClosed) return;
    if (event.kind === 'resilience.changed' || event.kind === 'server.changed' || event.kind === 'server.removed') this.#resilience.nudge();
    if (event.kind === 'resilience.changed') return;
    this.#pending ??= new PendingFrame();
    this.#pending.add(event);
    if (this.#frameTimer !== null) return;
    const waitMs = Math.max(this.#limits.gatherMs, this.#lastFrameMs + this.#limits.frameIntervalMs - this.#clock.now());
    this.#frameTimer = this.#clock.after(waitMs, () => this.#sendFrame());
  }

  #sendFrame(): void {
    this.#frameTimer = null;
    const pending = this.#pending;
    this.#pending = null;
    if (pending === null) return;
    this.#lastFrameMs = this.#clock.now();
    const events = this.#number(pending.events((ref) => this.#live.fragments.fragment(ref.serverId, ref.moid)));
    this.#ring.push(events);
    const shared = events.length === 0 ? null : Buffer.concat(events.map((event) => event.bytes));
    const screens = pending.screens();
    const connections = [...this.#connections.values()];
    if (connections.length === 0 || (shared === null && screens.length === 0)) return;
    this.#sending = this.#sending
      .then(() => this.#fanOut(connections, { shared, screens }))
      .catch((error: unknown) => this.#logger.error('An event frame could not be sent', { error }));
  }

  #number(events: readonly { readonly name: string; readonly data: string }[]): readonly NumberedEvent[] {
    return events.map((event) => {
      this.#seq += 1;
      return { seq: this.#seq, bytes: Buffer.from(formatEvent({ ...event, id: `${this.boot}-${this.#seq}` })) };
    });
  }

  async #fanOut(
    connections: readonly StreamConnection[],
    frame: { readonly shared: Buffer | null; readonly screens: readonly ScreenNews[] },
  ): Promise<void> {
    const nowMs = this.#clock.now();
    for (const [index, connection] of connections.entries()) {
      if (index > 0 && index % this.#limits.sliceSize === 0) await nextTurn();
      const screens = connection.showsAny ? frame.screens.filter((screen) => connection.shows(screen.key)) : [];
      const parts = [
        ...(frame.shared === null ? [] : [frame.shared]),
        ...(screens.length === 0 ? [] : [formatScreens(screens.map((screen) => screen.json))]),
      ];
      if (parts.length === 0 || !this.#connections.has(connection.id)) continue;
      if (connection.laggingSinceMs !== null && connection.isEmpty) connection.resume(formatResync('slow'));
      else if (connection.write(parts, { nowMs }) === 'closed') this.#drop(connection);
    }
  }

  #beat(): void {
    this.#heartbeatTimer = null;
    const nowMs = this.#clock.now();
    for (const connection of this.#connections.values()) {
      const { laggingSinceMs } = connection;
      if (laggingSinceMs === null) {
        if (connection.write([HEARTBEAT], { nowMs }) === 'closed') this.#drop(connection);
      } else if (connection.isEmpty) connection.resume(formatResync('slow'));
      else if (nowMs - laggingSinceMs > this.#limits.maxLagMs) connection.destroy();
    }
    this.checkReaders();
    if (this.#connections.size > 0) this.#heartbeatTimer = this.#clock.after(this.#limits.heartbeatMs, () => this.#beat());
  }

  /** A stream outlives the request that opened it: a signed-out person must not go on reading, and a new role is told. */
  #checkReader(connection: StreamConnection): void {
    connection.identify().then(
      (principal) => {
        if (!this.#connections.has(connection.id)) return;
        if (principal === null) {
          this.#drop(connection);
          connection.end(formatResync('signed_out'));
        } else if (principal.role !== connection.principal.role) {
          const news = Buffer.from(formatEvent({ name: 'reader.changed', data: JSON.stringify(toReader(principal)) }));
          // A reader that lags is told with the next round.
          if (connection.write([news], { nowMs: this.#clock.now() }) === 'written') connection.principal = principal;
        }
      },
      (error: unknown) => this.#logger.warn('The right to an event stream could not be checked', { error }),
    );
  }

  #drop(connection: StreamConnection): void {
    this.#resilience.forget(connection);
    if (this.#connections.delete(connection.id)) this.#fleet.dropViewer(connection.id);
  }
}

const toReader = ({ id, role }: Principal): { readonly id: string; readonly role: Principal['role'] } => ({ id, role });

const formatScreens = (screens: readonly string[]): Buffer =>
  Buffer.from(formatEvent({ name: 'screen.changed', data: `[${screens.join(',')}]` }));

const formatResync = (reason: string): Buffer => Buffer.from(formatEvent({ name: 'resync', data: JSON.stringify({ reason }) }));

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
