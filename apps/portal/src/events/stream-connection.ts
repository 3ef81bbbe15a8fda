import type { Principal } from '@breakwater/access';
import type { MachineRef } from '@breakwater/kernel';
import { toMachineKey } from '@breakwater/kernel';

/** The part of a socket that a stream needs; `net.Socket` has it. */
export interface StreamSocket {
  readonly writableLength: number;
  readonly destroyed: boolean;
  write(bytes: Buffer): boolean;
  cork(): void;
  uncork(): void;
  end(bytes: Buffer): unknown;
  destroy(): unknown;
}

export interface StreamConnectionOptions {
  readonly id: string;
  readonly principal: Principal;
  readonly socket: StreamSocket;
  /** Bytes that may wait for a slow reader. */
  readonly maxBufferedBytes: number;
  /** Whoever is behind the stream, with the rights of this moment; null once there is nobody. */
  readonly identify: () => Promise<Principal | null>;
}

/** How a write ended. `lagging`: the reader is too slow, what it misses is told by one `resync` later. */
export type WriteOutcome = 'written' | 'lagging' | 'closed';

/** One open stream. */
export class StreamConnection {
  readonly id: string;
  readonly identify: () => Promise<Principal | null>;
  /** As the reader was last told. */
  principal: Principal;
  readonly #socket: StreamSocket;
  readonly #maxBufferedBytes: number;
  #visible: ReadonlySet<string> = new Set();
  #laggingSinceMs: number | null = null;

  constructor(options: StreamConnectionOptions) {
    this.id = options.id;
    this.principal = options.principal;
    this.identify = options.identify;
    this.#socket = options.socket;
    this.#maxBufferedBytes = options.maxBufferedBytes;
  }

  get isEmpty(): boolean {
    return this.#socket.writableLength === 0;
  }

  /** Since when frames are left out; null while the reader keeps up. */
  get laggingSinceMs(): number | null {
    return this.#laggingSinceMs;
  }

  shows(key: string): boolean {
    return this.#visible.has(key);
  }

  get showsAny(): boolean {
    return this.#visible.size > 0;
  }

  /** Replaces what the connection shows; the result is what it did not show before. */
  setVisible(refs: readonly MachineRef[]): readonly MachineRef[] {
    const before = this.#visible;
    this.#visible = new Set(refs.map(toMachineKey));
    return refs.filter((ref) => !before.has(toMachineKey(ref)));
  }

  /** Writes a frame as one piece, or leaves it out when the reader is behind. */
  write(parts: readonly Buffer[], options: { readonly nowMs: number }): WriteOutcome {
    if (this.#socket.destroyed) return 'closed';
    if (this.#laggingSinceMs !== null || this.#socket.writableLength > this.#maxBufferedBytes) {
      this.#laggingSinceMs ??= options.nowMs;
      return 'lagging';
    }
    const [only, ...more] = parts;
    if (only !== undefined && more.length === 0) {
      this.#socket.write(only);
    } else {
      // One system call for all parts.
      this.#socket.cork();
      for (const part of parts) this.#socket.write(part);
      this.#socket.uncork();
    }
    return 'written';
  }

  /** Ends the lag with the event that tells the reader to fetch everything again. */
  resume(resync: Buffer): void {
    this.#laggingSinceMs = null;
    this.#socket.write(resync);
  }

  end(farewell: Buffer): void {
    if (!this.#socket.destroyed) this.#socket.end(farewell);
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
