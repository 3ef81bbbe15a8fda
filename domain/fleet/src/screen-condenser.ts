import type { Logger } from '@breakwater/kernel';
import type { CondensedScreen, ScreenEncoder } from './ports/screen-encoder.ts';
import type { ScreenStore } from './screen-store.ts';

export interface ScreenCondenserDependencies {
  readonly store: ScreenStore;
  readonly encoder: ScreenEncoder;
  readonly logger: Logger;
  /** Pictures waiting or in work, at most; whoever asks for another one meanwhile gets it as it is. */
  readonly maxPending: number;
}

/** Makes the smaller form of a picture when it is first asked for, once, and never at the price of a long wait. */
export class ScreenCondenser {
  readonly #deps: ScreenCondenserDependencies;
  readonly #pending = new Map<string, Promise<CondensedScreen | null>>();
  readonly #controller = new AbortController();

  constructor(deps: ScreenCondenserDependencies) {
    this.#deps = deps;
  }

  /** Null: there is none, or there are too many before it. */
  condense(hash: string): CondensedScreen | Promise<CondensedScreen | null> | null {
    const pending = this.#pending.get(hash);
    if (pending !== undefined) return pending;
    const small = this.#deps.store.smallForm(hash);
    if (small.kind === 'made') return small.screen;
    if (small.kind === 'none' || this.#pending.size >= this.#deps.maxPending || this.#controller.signal.aborted) return null;
    const made = this.#make(hash, small.pixels).finally(() => this.#pending.delete(hash));
    this.#pending.set(hash, made);
    return made;
  }

  /** Nothing new is begun; whoever waits gets the picture as it is. */
  close(): void {
    this.#controller.abort();
  }

  async #make(hash: string, pixels: Uint8Array): Promise<CondensedScreen | null> {
    const { store, encoder, logger } = this.#deps;
    const { signal } = this.#controller;
    try {
      return store.settleSmallForm(hash, await encoder.condense(pixels, { signal }));
    } catch (error) {
      if (signal.aborted) return null;
      logger.warn('A picture has no smaller form; it is sent as it is', { hash, error });
      return store.settleSmallForm(hash, null);
    }
  }
}
