import type { Clock, Logger, ServerId, TimerHandle } from '@breakwater/kernel';
import type { MachineFacts } from './machine.ts';
import type { InventoryRepository } from './ports/repositories.ts';

export interface InventoryKeeperDependencies {
  readonly serverId: ServerId;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly repository: InventoryRepository;
  readonly changedIntervalMs: number;
  readonly confirmedIntervalMs: number;
  /** What is to be saved, read at the moment of saving. */
  read(): { readonly dataAtWallMs: number; readonly machines: readonly MachineFacts[] } | null;
}

/** Gathers what a first load changes in several steps. */
const SETTLE_MS = 250;

/** Saves a server's last known inventory now and then, so that a restart shows machines at once. */
export class InventoryKeeper {
  readonly #deps: InventoryKeeperDependencies;
  #timer: { readonly handle: TimerHandle; readonly dueAt: number } | null = null;
  #saving: Promise<void> = Promise.resolve();
  #isDirty = false;
  #savedAt = Number.NEGATIVE_INFINITY;

  constructor(deps: InventoryKeeperDependencies) {
    this.#deps = deps;
  }

  markChanged(): void {
    this.#plan(this.#deps.changedIntervalMs);
  }

  /** Only the age is newer. */
  markConfirmed(): void {
    this.#plan(this.#deps.confirmedIntervalMs);
  }

  /** Saves what is not saved yet. A failure is logged: losing a copy for the next start must not stop this one. */
  flush(): Promise<void> {
    this.#timer?.handle.cancel();
    this.#timer = null;
    this.#saving = this.#saving.then(() => this.#save());
    return this.#saving;
  }

  /** Forgets what was planned and removes what was saved. */
  async discard(): Promise<void> {
    this.#timer?.handle.cancel();
    this.#timer = null;
    this.#isDirty = false;
    await this.#saving;
    await this.#deps.repository.remove(this.#deps.serverId);
  }

  /** The first news is saved at once, so that a process killed in its first minute has not lost everything; later ones keep the interval. */
  #plan(intervalMs: number): void {
    this.#isDirty = true;
    const now = this.#deps.clock.now();
    const dueAt = Math.max(now + SETTLE_MS, this.#savedAt + intervalMs);
    if (this.#timer !== null && this.#timer.dueAt <= dueAt) return;
    this.#timer?.handle.cancel();
    this.#timer = { handle: this.#deps.clock.after(dueAt - now, () => void this.flush()), dueAt };
  }

  async #save(): Promise<void> {
    const inventory = this.#isDirty ? this.#deps.read() : null;
    if (inventory === null) return;
    this.#isDirty = false;
    this.#savedAt = this.#deps.clock.now();
    try {
      await this.#deps.repository.save(this.#deps.serverId, inventory);
    } catch (error) {
      this.#deps.logger.warn('The last known inventory could not be saved', { error });
      this.markChanged();
    }
  }
}
