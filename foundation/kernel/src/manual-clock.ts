import type { Clock, TimerHandle } from './clock.ts';

interface PendingTimer {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that stands still until a test moves it. Timers run in the order in which they are due. */
export class ManualClock implements Clock {
  #now: number;
  #wall: number;
  #order = 0;
  readonly #pending = new Set<PendingTimer>();

  constructor(options: { readonly nowMs?: number; readonly wallMs?: number } = {}) {
    this.#now = options.nowMs ?? 0;
    this.#wall = options.wallMs ?? Date.UTC(2026, 0, 1);
  }

  now(): number {
    return this.#now;
  }

  wall(): number {
    return this.#wall;
  }

  after(delayMs: number, callback: () => void): TimerHandle {
    const timer = { at: this.#now + Math.max(0, delayMs), order: this.#order++, callback };
    this.#pending.add(timer);
    return { cancel: () => void this.#pending.delete(timer) };
  }

  /** How many timers wait; lets a test assert that nothing idle holds one. */
  get pendingCount(): number {
    return this.#pending.size;
  }

  /** Moves time by `ms`, running each due timer at its own instant and letting promises settle in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let next = this.#nextDue(end); next !== undefined; next = this.#nextDue(end)) {
      this.#pending.delete(next);
      this.#moveTo(Math.max(this.#now, next.at));
      next.callback();
      await settle();
    }
    this.#moveTo(end);
    await settle();
  }

  /** Sets the wall clock without touching monotonic time, as an administrator or NTP would. */
  jumpWall(ms: number): void {
    this.#wall += ms;
  }

  #moveTo(instant: number): void {
    this.#wall += instant - this.#now;
    this.#now = instant;
  }

  #nextDue(end: number): PendingTimer | undefined {
    let best: PendingTimer | undefined;
    for (const timer of this.#pending) {
      if (timer.at > end) continue;
      if (best === undefined || timer.at < best.at || (timer.at === best.at && timer.order < best.order)) best = timer;
    }
    return best;
  }
}

/** Twenty turns of the microtask queue: enough for the longest await chain between a timer and the next one. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
