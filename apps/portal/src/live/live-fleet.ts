import type { Operation } from '@breakwater/contract';
import type { Fleet, FleetEvent } from '@breakwater/fleet';
import { MachineFragments } from './machine-fragments.ts';

/** How many operations the first page of the journal shows; kept in memory so that a snapshot waits for no database. */
const RECENT_OPERATIONS = 50;

/** Follows the fleet's events and keeps what every reader asks for ready to send. */
export class LiveFleet {
  readonly fragments = new MachineFragments();
  readonly #fleet: Pick<Fleet, 'subscribe' | 'machines' | 'operations'>;
  readonly #operations = new Map<string, Operation>();
  readonly #unsubscribe: () => void;
  readonly #listeners = new Set<(event: FleetEvent) => void>();
  #version = 0;

  constructor(fleet: Pick<Fleet, 'subscribe' | 'machines' | 'operations'>) {
    this.#fleet = fleet;
    // Subscribed before `load`: a change in between is then seen twice and not lost.
    this.#unsubscribe = fleet.subscribe((event) => this.#apply(event));
  }

  /** Counts every event; equal versions mean that nothing has changed. */
  get version(): number {
    return this.#version;
  }

  /** Newest first. */
  recentOperations(): readonly Operation[] {
    return [...this.#operations.values()].toSorted((left, right) => (left.created_at < right.created_at ? 1 : -1));
  }

  /** Reads what was known before the first event; call it once the fleet has started. */
  async load(): Promise<void> {
    for (const machine of this.#fleet.machines()) this.fragments.set(machine);
    this.#version += 1;
    const operations = await this.#fleet.operations({ limit: RECENT_OPERATIONS });
    for (const operation of operations.toReversed()) {
      if (!this.#operations.has(operation.id)) this.#remember(operation);
    }
  }

  /** Calls `listener` after the memory has taken the event over. */
  subscribe(listener: (event: FleetEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#unsubscribe();
    this.#listeners.clear();
  }

  #apply(event: FleetEvent): void {
    // Figures of protection are in no answer that is kept ready.
    if (event.kind !== 'resilience.changed') this.#version += 1;
    switch (event.kind) {
      case 'machine.changed':
        this.fragments.set(event.machine);
        break;
      case 'machine.removed':
        this.fragments.delete(event.ref.serverId, event.ref.moid);
        break;
      case 'screen.changed':
        this.#refreshScreen(event);
        break;
      case 'server.removed':
        this.fragments.deleteServer(event.id);
        break;
      case 'operation.progressed':
        this.#remember(event.operation);
        break;
      case 'server.changed':
      case 'dead-letter.changed':
      case 'dead-letter.removed':
      case 'resilience.changed':
        break;
    }
    for (const listener of this.#listeners) listener(event);
  }

  /** A machine's row carries its screen's hash, so a new screen is a new row. */
  #refreshScreen(event: Extract<FleetEvent, { kind: 'screen.changed' }>): void {
    const machine = this.fragments.machine(event.ref.serverId, event.ref.moid);
    if (machine !== null) this.fragments.set({ ...machine, screen_hash: event.hash, screen_at: event.at });
  }

  #remember(operation: Operation): void {
    this.#operations.set(operation.id, operation);
    if (this.#operations.size <= RECENT_OPERATIONS) return;
    const oldest = this.recentOperations().at(-1);
    if (oldest !== undefined) this.#operations.delete(oldest.id);
  }
}
