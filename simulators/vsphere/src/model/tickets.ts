import { randomBytes } from 'node:crypto';
import type { Clock } from '@breakwater/kernel';
import type { Machine } from './machine.ts';

/** Which listener a ticket opens: the server's own, or that of the hosts behind a vCenter. */
export type TicketPlace = 'server' | 'host';

interface Ticket {
  readonly machine: Machine;
  readonly expiresMs: number;
  readonly at: TicketPlace;
}

/** One-time keys to consoles. */
export class Tickets {
  readonly #clock: Clock;
  readonly #tickets = new Map<string, Ticket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  issue(machine: Machine, options: { readonly lifeMs: number; readonly at: TicketPlace }): string {
    for (const [ticket, { expiresMs }] of this.#tickets) if (expiresMs <= this.#clock.now()) this.#tickets.delete(ticket);
    const ticket = randomBytes(8).toString('hex');
    this.#tickets.set(ticket, { machine, expiresMs: this.#clock.now() + options.lifeMs, at: options.at });
    return ticket;
  }

  /** The machine that the ticket opens, once, and only at the listener it was made for. */
  redeem(ticket: string, at: TicketPlace): Machine | undefined {
    const entry = this.#tickets.get(ticket);
    if (entry?.at !== at) return undefined;
    this.#tickets.delete(ticket);
    return entry.expiresMs > this.#clock.now() ? entry.machine : undefined;
  }
}
