import type { Clock } from '@breakwater/kernel';

export interface Arrival {
  readonly atMs: number;
  /** Method name, or the door that was knocked at. */
  readonly name: string;
}

export interface CounterReport {
  readonly requests: number;
  readonly active: number;
  readonly parked: number;
  /** Most requests ever worked on at once, parked long polls apart. */
  readonly maxActive: number;
  readonly refused: number;
  readonly byName: Readonly<Record<string, number>>;
  readonly openSockets: number;
  readonly maxSockets: number;
  readonly refusedSockets: number;
  readonly openConsoles: number;
  readonly arrivals: readonly Arrival[];
}

/** A test reads the order of the last so many requests. */
const MAX_ARRIVALS = 20_000;

/** What the server has seen, for tests and for the control door. */
export class Counters {
  readonly #clock: Clock;
  #byName = new Map<string, number>();
  #arrivals: Arrival[] = [];
  #requests = 0;
  #active = 0;
  #parked = 0;
  #maxActive = 0;
  #refused = 0;
  #openSockets = 0;
  #maxSockets = 0;
  #refusedSockets = 0;
  openConsoles = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get active(): number {
    return this.#active;
  }

  get openSockets(): number {
    return this.#openSockets;
  }

  begin(): void {
    this.#requests++;
    this.#active++;
    this.#maxActive = Math.max(this.#maxActive, this.#active);
  }

  name(name: string): void {
    this.#byName.set(name, (this.#byName.get(name) ?? 0) + 1);
    this.#arrivals.push({ atMs: this.#clock.now(), name });
    if (this.#arrivals.length > MAX_ARRIVALS) this.#arrivals = this.#arrivals.slice(-MAX_ARRIVALS / 2);
  }

  refuse(): void {
    this.#requests++;
    this.#refused++;
  }

  park(): void {
    this.#active--;
    this.#parked++;
  }

  end(state: 'active' | 'parked'): void {
    if (state === 'active') this.#active--;
    else this.#parked--;
  }

  openSocket(): void {
    this.#openSockets++;
    this.#maxSockets = Math.max(this.#maxSockets, this.#openSockets);
  }

  closeSocket(): void {
    this.#openSockets--;
  }

  refuseSocket(): void {
    this.#refusedSockets++;
  }

  /** Forgets the past; what is open stays counted. */
  reset(): void {
    this.#byName = new Map();
    this.#arrivals = [];
    this.#requests = 0;
    this.#refused = 0;
    this.#refusedSockets = 0;
    this.#maxActive = this.#active;
    this.#maxSockets = this.#openSockets;
  }

  report(): CounterReport {
    return {
      requests: this.#requests,
      active: this.#active,
      parked: this.#parked,
      maxActive: this.#maxActive,
      refused: this.#refused,
      byName: Object.fromEntries(this.#byName),
      openSockets: this.#openSockets,
      maxSockets: this.#maxSockets,
      refusedSockets: this.#refusedSockets,
      openConsoles: this.openConsoles,
      arrivals: [...this.#arrivals],
    };
  }
}
