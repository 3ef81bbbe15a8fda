import type { Clock } from '@breakwater/kernel';

export interface SlicerOptions {
  readonly clock: Clock;
  /** Lets other work of the process have its turn. Default: one turn of the event loop. */
  readonly yieldTurn?: (() => Promise<void>) | undefined;
}

/** Longest stretch of work in one piece. Consoles pass through the same process. */
const STRETCH_MS = 2;

const yieldToEventLoop = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Cuts long work into short stretches. */
export class WorkSlicer {
  readonly #clock: Clock;
  readonly #yieldTurn: () => Promise<void>;

  constructor(options: SlicerOptions) {
    this.#clock = options.clock;
    this.#yieldTurn = options.yieldTurn ?? yieldToEventLoop;
  }

  /** A stretch that begins now. The result is to be asked after every small piece; true means: await `rest`. */
  begin(): { isOver(): boolean; rest(): Promise<void> } {
    let since = this.#clock.now();
    return {
      isOver: () => this.#clock.now() - since >= STRETCH_MS,
      rest: async () => {
        await this.#yieldTurn();
        since = this.#clock.now();
      },
    };
  }

  /** Visits all items, resting in between. */
  async forEach<T>(items: Iterable<T>, visit: (item: T) => void): Promise<void> {
    const stretch = this.begin();
    let sinceLook = 0;
    for (const item of items) {
      visit(item);
      // Looking at the clock costs about as much as one small item.
      if (++sinceLook < 16) continue;
      sinceLook = 0;
      if (stretch.isOver()) await stretch.rest();
    }
  }
}
