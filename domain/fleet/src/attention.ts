import { type Clock, type MachineRef, toMachineKey } from '@breakwater/kernel';

/** Who looks at what: decides which screens and gauges are worth a request to a server. */
export class Attention {
  readonly #clock: Clock;
  readonly #attentionMs: number;
  readonly #viewers = new Map<string, ReadonlySet<string>>();
  readonly #lookers = new Map<string, number>();
  readonly #listeners = new Set<() => void>();
  #touchedAt: number | null = null;

  constructor(clock: Clock, options: { readonly attentionMs: number }) {
    this.#clock = clock;
    this.#attentionMs = options.attentionMs;
  }

  onGrowth(listener: () => void): void {
    this.#listeners.add(listener);
  }

  setVisible(viewer: string, machines: readonly MachineRef[]): void {
    const before = this.#viewers.get(viewer);
    const now = new Set(machines.map(toMachineKey));
    this.#forget(before);
    for (const key of now) this.#lookers.set(key, (this.#lookers.get(key) ?? 0) + 1);
    this.#viewers.set(viewer, now);
    const grew = before === undefined || [...now].some((key) => !before.has(key));
    if (grew) for (const listener of this.#listeners) listener();
  }

  dropViewer(viewer: string): void {
    this.#forget(this.#viewers.get(viewer));
    this.#viewers.delete(viewer);
  }

  /** Somebody reads through the API without being a viewer. */
  touch(): void {
    const wasWatched = this.isWatched();
    this.#touchedAt = this.#clock.now();
    if (!wasWatched) for (const listener of this.#listeners) listener();
  }

  isWatched(): boolean {
    return this.#viewers.size > 0 || (this.#touchedAt !== null && this.#clock.now() - this.#touchedAt < this.#attentionMs);
  }

  isVisible(machineKey: string): boolean {
    return this.#lookers.has(machineKey);
  }

  #forget(keys: ReadonlySet<string> | undefined): void {
    for (const key of keys ?? []) {
      const rest = (this.#lookers.get(key) ?? 1) - 1;
      if (rest === 0) this.#lookers.delete(key);
      else this.#lookers.set(key, rest);
    }
  }
}
