import type { PowerState, PowerVerb } from '@breakwater/contract';
import type {
  ActOutcome,
  ConsoleDoor,
  InventoryNews,
  LinkFigures,
  LinkLimits,
  ScreenOptions,
  ScreenPicture,
  ServerGauges,
  ServerLink,
  ServerRecord,
  TaskProgress,
  WaitCounts,
} from '@breakwater/fleet';
import { type Clock, type Moid, type Priority, sleep } from '@breakwater/kernel';
import { type DurationCounts, emptyDurationCounts, type Pipeline } from '@breakwater/resilience';
import type { Transport } from '@breakwater/transport';
import type { VsphereClient } from '@breakwater/vsphere';
import type { BreakerProbe } from './breaker-probe.ts';
import { FollowLoop } from './follow-loop.ts';
import { toActOutcome } from './to-act-outcome.ts';
import { toConsoleDoor, toConsoleRefusal } from './to-console-door.ts';
import { toLinkFigures } from './to-link-figures.ts';

export interface VsphereLinkParts {
  readonly record: ServerRecord;
  readonly client: VsphereClient;
  readonly pipeline: Pipeline;
  readonly probe: BreakerProbe | null;
  /** The bare way to the server; closed with the link. */
  readonly road: Transport;
  readonly clock: Clock;
  /** Read by the road's outermost layer at every call. */
  readonly times: CallTimes;
  /** Certificates that consoles of servers with `verifySsl` may chain to. Default: the public ones. */
  readonly authoritiesPem: string | undefined;
}

/** How long calls may take; changed while the link lives. */
export interface CallTimes {
  requestMs: number;
  readonly screenMs: number;
}

/** How long a goodbye may take. */
const CLOSE_GRACE_MS = 5_000;

/** A living connection to one vSphere server. */
export class VsphereLink implements ServerLink {
  readonly #parts: VsphereLinkParts;
  readonly #loop: FollowLoop;

  constructor(parts: VsphereLinkParts) {
    this.#parts = parts;
    const { client, clock } = parts;
    this.#loop = new FollowLoop({ clock, follow: (options) => client.follow(options), reload: () => client.invalidate() });
  }

  follow(options: { readonly signal: AbortSignal }): AsyncIterable<InventoryNews> {
    return this.#loop.run(options);
  }

  retryNow(): void {
    const { client, pipeline } = this.#parts;
    client.retrySignIn();
    // A person knows something that the breaker does not: without this their try would be turned away unseen.
    if (pipeline.breaker?.state === 'open') pipeline.breaker.reset('retried by hand');
    this.#loop.retryNow();
  }

  invalidate(): void {
    this.#parts.client.invalidate();
  }

  readGauges({ signal }: { readonly signal: AbortSignal }): Promise<ServerGauges> {
    return this.#parts.client.readGauges({ priority: 'low', signal });
  }

  captureScreen(moid: Moid, options: ScreenOptions): Promise<ScreenPicture | null> {
    return this.#parts.client.machine(moid).captureScreen(options);
  }

  async power(
    moid: Moid,
    verb: PowerVerb,
    options: { readonly signal: AbortSignal; readonly onProgress: (progress: TaskProgress) => void },
  ): Promise<ActOutcome> {
    return toActOutcome(await this.#parts.client.machine(moid).changePower(verb, options));
  }

  readPowerState(moid: Moid, options: { readonly signal: AbortSignal }): Promise<PowerState> {
    return this.#parts.client.machine(moid).readPowerState(options);
  }

  async openConsole(moid: Moid, options: { readonly signal: AbortSignal }): Promise<ConsoleDoor> {
    const { authoritiesPem, client, pipeline, record } = this.#parts;
    try {
      const ticket = await client.machine(moid).acquireConsoleTicket(options);
      const door = toConsoleDoor(ticket, { ...record, authoritiesPem });
      // The socket of the console is one more request to the same server.
      if (ticket.isSameServer) pipeline.admission?.countRequest('critical');
      return door;
    } catch (error) {
      throw toConsoleRefusal(error);
    }
  }

  figures(): LinkFigures {
    return toLinkFigures(this.#parts.pipeline.snapshot(), this.#parts.road.pool());
  }

  resetBreaker(): void {
    const { admission, breaker } = this.#parts.pipeline;
    breaker?.reset('by hand');
    // A pace that was learned from an outage would keep the server slow for another minute.
    admission?.forgetPace();
  }

  /** The breaker has closed, by hand or by itself. */
  breakerClosed(): void {
    this.#parts.probe?.wake();
    this.#loop.roadOpened();
  }

  tripBreaker(reason: string): void {
    this.#parts.pipeline.breaker?.trip(reason);
  }

  isolate(reason: string, { forMs }: { readonly forMs: number | null }): void {
    this.#parts.pipeline.breaker?.isolate(reason, forMs === null ? {} : { expiresMs: forMs });
  }

  setLimits(limits: LinkLimits): void {
    const { pipeline, times } = this.#parts;
    pipeline.admission?.setLimits(limits);
    pipeline.breaker?.setFailureThreshold(limits.failureThreshold);
    times.requestMs = limits.requestTimeoutMs;
  }

  waitCounts(): WaitCounts {
    const of = (priority: Priority): DurationCounts => this.#parts.pipeline.admission?.waitCounts(priority) ?? emptyDurationCounts();
    return { CRITICAL: of('critical'), HIGH: of('high'), NORMAL: of('normal'), LOW: of('low') };
  }

  async close(): Promise<void> {
    const { client, pipeline, probe, road, clock } = this.#parts;
    probe?.close();
    const grace = new AbortController();
    try {
      // A server that no longer answers must not hold up whoever closes; closing the road ends what is still under way.
      await Promise.race([client.close(), sleep(clock, CLOSE_GRACE_MS, { signal: grace.signal, keepAlive: true })]);
    } finally {
      grace.abort();
      pipeline.close();
      await road.close();
    }
  }
}
