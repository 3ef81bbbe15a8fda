import type { DeadLetterView, Operation, Server } from '@breakwater/contract';
import type { FleetEvent } from '@breakwater/fleet';
import { type MachineRef, toMachineKey } from '@breakwater/kernel';

export interface ScreenNews {
  readonly key: string;
  /** JSON of `{server_id, moid, hash, at}`. */
  readonly json: string;
}

/** What the next frame will say, merged: the newest state of each thing, once. */
export class PendingFrame {
  readonly #machines = new Map<string, MachineRef>();
  readonly #removedMachines = new Map<string, MachineRef>();
  readonly #screens = new Map<string, ScreenNews>();
  readonly #servers = new Map<string, Server>();
  readonly #removedServers = new Set<string>();
  readonly #operations = new Map<string, Operation>();
  readonly #letters = new Map<string, DeadLetterView>();
  readonly #removedLetters = new Set<string>();

  add(event: Exclude<FleetEvent, { kind: 'resilience.changed' }>): void {
    switch (event.kind) {
      case 'machine.changed': {
        const ref = { serverId: event.machine.server_id, moid: event.machine.moid } as MachineRef;
        this.#machines.set(toMachineKey(ref), ref);
        this.#removedMachines.delete(toMachineKey(ref));
        break;
      }
      case 'machine.removed':
        this.#machines.delete(toMachineKey(event.ref));
        this.#screens.delete(toMachineKey(event.ref));
        this.#removedMachines.set(toMachineKey(event.ref), event.ref);
        break;
      case 'screen.changed': {
        const key = toMachineKey(event.ref);
        this.#screens.set(key, { key, json: formatScreen(event.ref, { hash: event.hash, at: event.at }) });
        break;
      }
      case 'server.changed':
        this.#servers.set(event.server.id, event.server);
        this.#removedServers.delete(event.server.id);
        break;
      case 'server.removed':
        this.#removeServer(event.id);
        break;
      case 'operation.progressed':
        this.#operations.set(event.operation.id, event.operation);
        break;
      case 'dead-letter.changed':
        this.#letters.set(event.letter.id, event.letter);
        break;
      case 'dead-letter.removed':
        this.#letters.delete(event.id);
        this.#removedLetters.add(event.id);
        break;
    }
  }

  /** Screens are told apart from the rest, because each connection gets only those that it shows. */
  screens(): readonly ScreenNews[] {
    return [...this.#screens.values()];
  }

  /** The events for everybody, as name and JSON. `fragment` gives a machine's JSON, or null when it is gone. */
  events(fragment: (ref: MachineRef) => Buffer | null): readonly { readonly name: string; readonly data: string }[] {
    const machines: string[] = [];
    for (const ref of this.#machines.values()) {
      const bytes = fragment(ref);
      if (bytes !== null) machines.push(bytes.toString('utf8', 1));
    }
    const removed = [...this.#removedMachines.values()].map((ref) => JSON.stringify({ server_id: ref.serverId, moid: ref.moid }));
    const lists: readonly (readonly [string, readonly string[]])[] = [
      ['server.changed', [...this.#servers.values()].map((server) => JSON.stringify(server))],
      ['machine.changed', machines],
      ['machine.removed', removed],
      ['server.removed', [...this.#removedServers].map((id) => JSON.stringify({ id }))],
      ['operation.progressed', [...this.#operations.values()].map((operation) => JSON.stringify(operation))],
      ['dead-letter.changed', [...this.#letters.values()].map((letter) => JSON.stringify(letter))],
      ['dead-letter.removed', [...this.#removedLetters].map((id) => JSON.stringify({ id }))],
    ];
    return lists.filter(([, items]) => items.length > 0).map(([name, items]) => ({ name, data: `[${items.join(',')}]` }));
  }

  #removeServer(id: string): void {
    this.#servers.delete(id);
    this.#removedServers.add(id);
    for (const machines of [this.#machines, this.#removedMachines]) {
      for (const [key, ref] of machines) if (ref.serverId === id) machines.delete(key);
    }
  }
}

export const formatScreen = (ref: MachineRef, screen: { readonly hash: string | null; readonly at: string | null }): string =>
  JSON.stringify({ server_id: ref.serverId, moid: ref.moid, hash: screen.hash, at: screen.at });
