import type { Clock, TimerHandle } from '@breakwater/kernel';
import type { Inventory } from './inventory.ts';
import { loadAt } from './load-curve.ts';
import type { GuestLife, Machine } from './machine.ts';

export interface LifecycleTimings {
  /** From power-on to running tools. */
  readonly bootMs: number;
  /** From running tools to a known address. */
  readonly addressMs: number;
  /** How long a guest takes to shut itself down. */
  readonly shutdownMs: number;
  /** Each machine's figures move once in this time; hosts refresh theirs every 20 s. */
  readonly statsMs: number;
}

export const DEFAULT_TIMINGS: LifecycleTimings = { bootMs: 9_000, addressMs: 2_500, shutdownMs: 3_000, statsMs: 20_000 };

const STAGES = 20;
const NO_LOAD = { cpuMhz: 0, activeMb: 0, consumedMb: 0 };

/** Lets guests live: boots, tools, addresses, loads. */
export class GuestLifecycle {
  readonly #inventory: Inventory;
  readonly #clock: Clock;
  readonly #timings: LifecycleTimings;
  readonly #powerOffListeners = new Set<(machine: Machine) => void>();
  #timer: TimerHandle | undefined;
  #stage = 0;

  constructor(options: { readonly inventory: Inventory; readonly clock: Clock; readonly timings: LifecycleTimings }) {
    this.#inventory = options.inventory;
    this.#clock = options.clock;
    this.#timings = options.timings;
  }

  get bootMs(): number {
    return this.#timings.bootMs;
  }

  start(): void {
    this.#timer = this.#clock.after(this.#timings.statsMs / STAGES, () => this.#beat());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Hears when a machine's console goes dark. */
  onPowerOff(listener: (machine: Machine) => void): () => void {
    this.#powerOffListeners.add(listener);
    return () => void this.#powerOffListeners.delete(listener);
  }

  powerOn(machine: Machine): void {
    const resumed = machine.life.kind === 'suspended' && machine.wasUp;
    const instants = { sinceMs: this.#clock.now(), bootedWallMs: this.#clock.wall() };
    if (resumed) this.#become(machine, { kind: 'running', ...instants, network: 'up' });
    else this.#boot(machine, instants);
  }

  reset(machine: Machine): void {
    this.#boot(machine, { sinceMs: this.#clock.now(), bootedWallMs: this.#clock.wall() });
  }

  powerOff(machine: Machine): void {
    this.#become(machine, { kind: 'off' });
    machine.load = NO_LOAD;
    for (const listener of this.#powerOffListeners) listener(machine);
  }

  suspend(machine: Machine): void {
    this.#become(machine, { kind: 'suspended', sinceWallMs: this.#clock.wall() });
    machine.load = NO_LOAD;
    for (const listener of this.#powerOffListeners) listener(machine);
  }

  /** The guest does it itself, some seconds after the request. */
  requestShutdown(machine: Machine, then: 'power-off' | 'reboot' | 'standby'): void {
    const bootedAt = sinceOf(machine.life);
    this.#clock.after(this.#timings.shutdownMs, () => {
      if (bootedAt === undefined || sinceOf(machine.life) !== bootedAt) return;
      if (then === 'power-off') this.powerOff(machine);
      else if (then === 'standby') this.suspend(machine);
      else this.reset(machine);
    });
  }

  #boot(machine: Machine, instants: { readonly sinceMs: number; readonly bootedWallMs: number }): void {
    const booting: GuestLife = { kind: 'booting', ...instants };
    machine.wasUp = false;
    this.#become(machine, booting);
    this.#clock.after(this.#timings.bootMs, () => {
      if (machine.life !== booting) return;
      const running: GuestLife = { kind: 'running', ...instants, network: 'pending' };
      machine.wasUp = true;
      this.#become(machine, running);
      this.#clock.after(this.#timings.addressMs, () => {
        if (machine.life === running) this.#become(machine, { kind: 'running', ...instants, network: 'up' });
      });
    });
  }

  #become(machine: Machine, life: GuestLife): void {
    machine.life = life;
    if (life.kind === 'running' || life.kind === 'booting') machine.load = loadAt(machine.identity, this.#clock.now());
    this.#inventory.world.touch(machine);
  }

  /** A twentieth of the machines at a time, so that changes trickle as they do in life. */
  #beat(): void {
    this.#stage = (this.#stage + 1) % STAGES;
    const now = this.#clock.now();
    let index = 0;
    for (const machine of this.#inventory.machines()) {
      if (index++ % STAGES !== this.#stage || machine.powerState !== 'poweredOn' || !machine.isReadable) continue;
      machine.load = loadAt(machine.identity, now);
      this.#inventory.world.touch(machine);
    }
    if (this.#stage === 0) this.#inventory.touchHosts();
    this.start();
  }
}

/** Tells one run of a guest from the next. */
const sinceOf = (life: GuestLife): number | undefined => (life.kind === 'booting' || life.kind === 'running' ? life.sinceMs : undefined);
