import { randomBytes } from 'node:crypto';
import type { Clock } from '@breakwater/kernel';
import type { Machine } from './machine.ts';

/** One-time keys to consoles. */
export class Tickets {
  readonly #clock: Clock;
  readonly #tickets = new Map<string, { readonly machine: Machine; readonly expiresMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  issue(machine: Machine, lifeMs: number): string {
    for (const [ticket, { expiresMs }] of this.#tickets) if (expiresMs <= this.#clock.now()) this.#tickets.delete(ticket);
    const ticket = randomBytes(8).toString('hex');
    this.#tickets.set(ticket, { machine, expiresMs: this.#clock.now() + lifeMs });
    return ticket;
  }

  /** The machine that the ticket opens, once. */
  redeem(ticket: string): Machine | undefined {
    const entry = this.#tickets.get(ticket);
    this.#tickets.delete(ticket);
    return entry !== undefined && entry.expiresMs > this.#clock.now() ? entry.machine : undefined;
  }
}
