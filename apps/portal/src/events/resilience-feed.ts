import type { Clock, TimerHandle } from '@breakwater/kernel';
import type { ResilienceReader } from '../live/resilience-reader.ts';
import { formatEvent } from './event-format.ts';
import type { StreamConnection } from './stream-connection.ts';

/** How often figures are told to those who look at them. */
const INTERVAL_MS = 2_000;
/** How long an act waits for others that belong to it. */
const GATHER_MS = 50;

/** Tells the figures of protection to the connections that show them, and to nobody else. Works only while there is one. */
export class ResilienceFeed {
  readonly #reader: Pick<ResilienceReader, 'read'>;
  readonly #clock: Clock;
  /** What each watcher has seen: the JSON of a row by server. */
  readonly #watchers = new Map<StreamConnection, Map<string, string>>();
  #timer: { readonly handle: TimerHandle; readonly dueAt: number } | null = null;

  constructor(reader: Pick<ResilienceReader, 'read'>, options: { readonly clock: Clock }) {
    this.#reader = reader;
    this.#clock = options.clock;
  }

  watch(connection: StreamConnection): void {
    if (this.#watchers.has(connection)) return;
    this.#watchers.set(connection, new Map());
    this.#plan(0);
  }

  forget(connection: StreamConnection): void {
    this.#watchers.delete(connection);
    if (this.#watchers.size === 0) this.close();
  }

  /** Something has happened that should be seen at once. */
  nudge(): void {
    if (this.#watchers.size > 0) this.#plan(GATHER_MS);
  }

  close(): void {
    this.#timer?.handle.cancel();
    this.#timer = null;
  }

  #plan(waitMs: number): void {
    const dueAt = this.#clock.now() + waitMs;
    if (this.#timer !== null && this.#timer.dueAt <= dueAt) return;
    this.#timer?.handle.cancel();
    this.#timer = { dueAt, handle: this.#clock.after(waitMs, () => this.#tell()) };
  }

  #tell(): void {
    this.#timer = null;
    const { at, portal, servers } = this.#reader.read();
    const rows = servers.map((server) => ({ id: server.id, json: JSON.stringify(server) }));
    const head = `{"at":${JSON.stringify(at)},"portal":${JSON.stringify(portal)},"servers":[`;
    const nowMs = this.#clock.now();
    for (const [connection, seen] of this.#watchers) {
      const news = rows.filter(({ id, json }) => seen.get(id) !== json);
      const data = `${head}${news.map(({ json }) => json).join(',')}]}`;
      const outcome = connection.write([Buffer.from(formatEvent({ name: 'resilience.changed', data }))], { nowMs });
      // What was left out must be told again.
      if (outcome !== 'written') seen.clear();
      else for (const { id, json } of news) seen.set(id, json);
    }
    if (this.#watchers.size > 0) this.#plan(INTERVAL_MS);
  }
}
