import type { BreakerStats } from '@breakwater/contract';
import { type Clock, type Logger, toOpsError } from '@breakwater/kernel';
import type { GaugePoller } from './gauge-poller.ts';
import { followInventory } from './inventory-follower.ts';
import type { InventoryNews, ServerLink } from './ports/server-link.ts';
import type { ScreenRefresher } from './screen-refresher.ts';

export interface LinkRunDependencies {
  readonly link: ServerLink;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly gauges: GaugePoller;
  readonly screens: ScreenRefresher;
  readonly take: (news: InventoryNews) => void;
  readonly isOnline: () => boolean;
}

/** An open link and what is read through it by itself. Reading can be paused while the link stays open for what people do. */
export class LinkRun {
  readonly link: ServerLink;
  readonly #deps: LinkRunDependencies;
  #reading: AbortController | null = null;
  #ended: Promise<unknown> = Promise.resolve();

  constructor(deps: LinkRunDependencies) {
    this.#deps = deps;
    this.link = deps.link;
  }

  start(): void {
    if (this.#reading !== null) return;
    const reading = new AbortController();
    this.#reading = reading;
    // A link is followed once at a time: what was stopped must have ended before it begins anew.
    this.#ended = this.#ended.then(() => this.#read(reading.signal));
  }

  pause(): void {
    this.#reading?.abort();
    this.#reading = null;
    // What changes from now on is not told, so that the next look has to be a whole one.
    this.link.invalidate();
  }

  async close(): Promise<void> {
    this.#reading?.abort();
    this.#reading = null;
    await this.link.close();
  }

  async #read(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { link, clock, logger, gauges, screens, take, isOnline } = this.#deps;
    // Pictures can wait until the breaker is closed; gauges are cheap enough to be its probe.
    const isCalm = (): boolean => isOnline() && link.figures().breaker.state === 'closed';
    const isProbing = (): boolean => isOnline() && !isBlocking(link.figures().breaker);
    await Promise.all([
      this.#guard('following', followInventory(link, { signal, clock, logger, take })),
      this.#guard('gauges', gauges.run(link, { signal, isReady: isProbing })),
      this.#guard('screens', screens.run(link, { signal, isReady: isCalm })),
    ]);
  }

  /** The loops handle every foreign failure themselves; what still ends one is a defect and must be seen. */
  async #guard(name: string, loop: Promise<void>): Promise<void> {
    try {
      await loop;
    } catch (error) {
      const { message } = toOpsError(error, { code: 'FLEET_DEFECT' });
      this.#deps.logger.error(`Background work on a server ended: ${name}`, { error, message });
    }
  }
}

function isBlocking(breaker: BreakerStats): boolean {
  return breaker.state === 'open' && (breaker.time_until_retry ?? Number.POSITIVE_INFINITY) > 0;
}
