import type { PortalHealth, ServerResilience } from '@breakwater/contract';
import type { Fleet } from '@breakwater/fleet';
import { type Clock, formatInstant } from '@breakwater/kernel';

export interface ResilienceReaderOptions {
  readonly fleet: Pick<Fleet, 'protection'>;
  readonly clock: Clock;
  /** Seconds, at the 99th percentile since the last call. */
  readonly readLoopLagS: () => number;
  readonly memoryBytes: () => number;
  readonly databaseBytes: (() => number) | null;
  readonly streamCount: () => number;
  readonly consoleCount: () => number;
}

/** For how long one look counts: several readers within it see the same, and the lag of the loop is not cut into pieces. */
const FRESH_MS = 1_000;

/** How servers are protected and how the portal itself is, from memory. */
export class ResilienceReader {
  readonly #options: ResilienceReaderOptions;
  #own: { readonly atMs: number; readonly health: PortalHealth } | null = null;

  constructor(options: ResilienceReaderOptions) {
    this.#options = options;
  }

  read(): { readonly at: string; readonly servers: readonly ServerResilience[]; readonly portal: PortalHealth } {
    const { clock, fleet } = this.#options;
    return { at: formatInstant(clock.wall()), servers: fleet.protection.servers(), portal: this.#readOwn() };
  }

  #readOwn(): PortalHealth {
    const { clock, readLoopLagS, memoryBytes, databaseBytes, streamCount, consoleCount } = this.#options;
    const atMs = clock.now();
    if (this.#own === null || atMs - this.#own.atMs >= FRESH_MS) {
      const health: PortalHealth = {
        loop_lag_ms: Math.round(readLoopLagS() * 10_000) / 10,
        memory_bytes: memoryBytes(),
        database_bytes: databaseBytes === null ? null : databaseBytes(),
        sse_clients: streamCount(),
        console_sessions: consoleCount(),
      };
      this.#own = { atMs, health };
    }
    return this.#own.health;
  }
}
