import type { Clock, OpsError, TimerHandle } from '@breakwater/kernel';

/** Bytes that wait for the reader before the socket is paused. */
const HIGH_WATER_BYTES = 64 * 1024;

export interface BodyFlow {
  pause(): void;
  resume(): void;
}

export interface BodyQueueOptions {
  readonly clock: Clock;
  /** How long a waiting reader waits for the next bytes. A slow reader does not count: then it is we who pause. */
  readonly idleMs: number;
  readonly onIdle: () => void;
}

type Waiter = { readonly resolve: (chunk: Uint8Array | null) => void; readonly reject: (error: OpsError) => void };

/** The chunks of one answer between a socket that pushes and a reader that pulls. Bounded by pausing the socket. */
export class BodyQueue {
  readonly #options: BodyQueueOptions;
  readonly #chunks: Uint8Array[] = [];
  #flow: BodyFlow | undefined;
  #queuedBytes = 0;
  #paused = false;
  #state: { readonly kind: 'open' } | { readonly kind: 'ended' } | { readonly kind: 'failed'; readonly error: OpsError } = { kind: 'open' };
  #waiter: Waiter | undefined;
  #idleTimer: TimerHandle | undefined;

  constructor(options: BodyQueueOptions) {
    this.#options = options;
  }

  attach(flow: BodyFlow): void {
    this.#flow = flow;
  }

  push(chunk: Uint8Array): void {
    if (this.#state.kind !== 'open') return;
    const waiter = this.#takeWaiter();
    if (waiter !== undefined) {
      waiter.resolve(chunk);
      return;
    }
    this.#chunks.push(chunk);
    this.#queuedBytes += chunk.length;
    if (this.#queuedBytes >= HIGH_WATER_BYTES && !this.#paused) {
      this.#paused = true;
      this.#flow?.pause();
    }
  }

  end(): void {
    if (this.#state.kind !== 'open') return;
    this.#state = { kind: 'ended' };
    this.#takeWaiter()?.resolve(null);
  }

  /** What is queued is dropped: a reader learns of the fault at once. */
  fail(error: OpsError): void {
    if (this.#state.kind === 'failed') return;
    this.#state = { kind: 'failed', error };
    this.#chunks.length = 0;
    this.#takeWaiter()?.reject(error);
  }

  /** The next bytes, or null at the end. One reader at a time. */
  pull(): Promise<Uint8Array | null> {
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) {
      this.#queuedBytes -= chunk.length;
      if (this.#paused && this.#queuedBytes < HIGH_WATER_BYTES / 2) {
        this.#paused = false;
        this.#flow?.resume();
      }
      return Promise.resolve(chunk);
    }
    if (this.#state.kind === 'failed') return Promise.reject(this.#state.error);
    if (this.#state.kind === 'ended') return Promise.resolve(null);
    this.#idleTimer = this.#options.clock.after(this.#options.idleMs, this.#options.onIdle);
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
    });
  }

  get hasEnded(): boolean {
    return this.#state.kind === 'ended';
  }

  #takeWaiter(): Waiter | undefined {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    this.#idleTimer?.cancel();
    return waiter;
  }
}
