import type { JournalEntry, OpenRun, RunReport } from '../ports/run-store.ts';
import { hashBytes } from '../resources/file/saved-file.ts';

/** A run in memory; `fail` makes the journal refuse from then on, as a full disk does. */
export class MemoryRun implements OpenRun {
  readonly runId = 'run-1';
  readonly entries: JournalEntry[] = [];
  readonly events: Readonly<Record<string, unknown>>[] = [];
  report: RunReport | null = null;
  fail: Error | null = null;
  readonly #bytes = new Map<string, Uint8Array>();

  get journal(): readonly JournalEntry[] {
    return [...this.entries];
  }

  async append(entry: JournalEntry): Promise<void> {
    if (this.fail !== null) throw this.fail;
    this.entries.push(entry);
  }

  async keepBytes(content: Uint8Array): Promise<string> {
    const sha256 = await hashBytes(content);
    this.#bytes.set(sha256, Uint8Array.from(content));
    return sha256;
  }

  async readBytes(sha256: string): Promise<Uint8Array> {
    const bytes = this.#bytes.get(sha256);
    if (bytes === undefined) throw new Error(`Nothing is kept under ${sha256}.`);
    return bytes;
  }

  note(event: Readonly<Record<string, unknown>>): void {
    this.events.push(event);
  }

  async finish(report: RunReport): Promise<void> {
    this.report = report;
  }

  async release(): Promise<void> {}
}
