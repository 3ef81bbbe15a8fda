import type { Clock } from '@breakwater/kernel';

/** One event as it goes over the wire, with its `id:` line. */
export interface NumberedEvent {
  readonly seq: number;
  readonly bytes: Buffer;
}

interface KeptEvent extends NumberedEvent {
  readonly atMs: number;
}

/** How far back a stream can be resumed; whatever comes first. */
export interface RingLimits {
  readonly maxAgeMs: number;
  readonly maxBytes: number;
  readonly maxEvents: number;
}

/** The latest events, for connections that come back and say what they saw last. */
export class FrameRing {
  readonly #clock: Clock;
  readonly #limits: RingLimits;
  #events: KeptEvent[] = [];
  #bytes = 0;
  /** Everything after this number is still here. */
  #floor = 0;

  constructor(clock: Clock, limits: RingLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  push(events: readonly NumberedEvent[]): void {
    const atMs = this.#clock.now();
    for (const event of events) {
      this.#events.push({ ...event, atMs });
      this.#bytes += event.bytes.length;
    }
    this.#trim(atMs);
  }

  /** The events after `seq`, or null when some of them are gone. */
  since(seq: number): readonly Buffer[] | null {
    this.#trim(this.#clock.now());
    if (seq < this.#floor) return null;
    return this.#events.filter((event) => event.seq > seq).map((event) => event.bytes);
  }

  #trim(nowMs: number): void {
    const { maxAgeMs, maxBytes, maxEvents } = this.#limits;
    let dropped = 0;
    for (const event of this.#events) {
      const isOver = this.#events.length - dropped > maxEvents || this.#bytes > maxBytes || nowMs - event.atMs > maxAgeMs;
      if (!isOver) break;
      this.#bytes -= event.bytes.length;
      this.#floor = event.seq;
      dropped += 1;
    }
    if (dropped > 0) this.#events = this.#events.slice(dropped);
  }
}
