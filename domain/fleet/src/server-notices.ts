import type { Server } from '@breakwater/contract';
import type { Clock } from '@breakwater/kernel';
import type { FleetEvents } from './fleet-events.ts';
import { compareServers } from './server-view.ts';

/** What readers and listeners know of one server: the same object while nothing moves, and no event that says nothing new. */
export class ServerNotices {
  readonly #clock: Clock;
  readonly #events: FleetEvents;
  readonly #quietEventMs: number;
  #view: Server | null = null;
  #published: { readonly server: Server; readonly at: number } | null = null;

  constructor(clock: Clock, options: { readonly events: FleetEvents; readonly quietEventMs: number }) {
    this.#clock = clock;
    this.#events = options.events;
    this.#quietEventMs = options.quietEventMs;
  }

  /** The object that readers already have, if it says the same. */
  keep(server: Server): Server {
    if (this.#view === null || compareServers(this.#view, server) !== 'same') this.#view = server;
    return this.#view;
  }

  /** Tells listeners when this differs from what they know; mere ages only now and then. */
  publish(server: Server): void {
    const now = this.#clock.now();
    if (this.#published !== null) {
      const difference = compareServers(this.#published.server, server);
      if (difference === 'same') return;
      if (difference === 'quiet' && now - this.#published.at < this.#quietEventMs) return;
    }
    this.#published = { server, at: now };
    this.#events.publish({ kind: 'server.changed', server });
  }
}
