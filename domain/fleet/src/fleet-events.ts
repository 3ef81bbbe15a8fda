import type { Machine } from '@breakwater/contract';
import { type Clock, type Logger, type MachineRef, type TimerHandle, toMachineKey } from '@breakwater/kernel';
import type { FleetEvent } from './fleet.ts';

interface ChangedMachine {
  readonly read: () => Machine | null;
}

/** Tells listeners. Changes of one machine are merged for a moment, so that news, gauges and screens together make one event. */
export class FleetEvents {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #mergeMs: number;
  readonly #listeners = new Set<(event: FleetEvent) => void>();
  #changed = new Map<string, ChangedMachine>();
  #timer: TimerHandle | null = null;

  constructor(clock: Clock, options: { readonly logger: Logger; readonly mergeMs: number }) {
    this.#clock = clock;
    this.#logger = options.logger;
    this.#mergeMs = options.mergeMs;
  }

  subscribe(listener: (event: FleetEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  publish(event: FleetEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        // A listener's defect is its own: the fleet and the other listeners go on.
        this.#logger.error('A listener of fleet events failed', { event: event.kind, error });
      }
    }
  }

  /** `read` is asked when the event is due, so that it carries the newest value; null: the machine is gone by then. */
  machineChanged(ref: MachineRef, read: () => Machine | null): void {
    this.#changed.set(toMachineKey(ref), { read });
    this.#timer ??= this.#clock.after(this.#mergeMs, () => this.flush());
  }

  machineRemoved(ref: MachineRef): void {
    this.publish({ kind: 'machine.removed', ref });
  }

  flush(): void {
    this.#timer?.cancel();
    this.#timer = null;
    const changed = this.#changed;
    this.#changed = new Map();
    for (const { read } of changed.values()) {
      const machine = read();
      if (machine !== null) this.publish({ kind: 'machine.changed', machine });
    }
  }
}
