import { type Clock, OpsError } from '@breakwater/kernel';
import type { JournalEntry, NewRun, OpenRun, RunRecord, RunReport, RunStore, RunSummary } from '../ports/run-store.ts';
import { hashBytes } from '../resources/file/saved-file.ts';

interface Kept extends NewRun {
  readonly runId: string;
  readonly startedAtMs: number;
  readonly journal: JournalEntry[];
  readonly bytes: Map<string, Uint8Array>;
  report: RunReport | null;
}

/** Runs in memory. `letGo` does what the death of the process that holds them does. */
export class MemoryRunStore implements RunStore {
  readonly #clock: Clock;
  readonly #runs: Kept[] = [];
  #locks = new Map<string, string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  letGo(): void {
    this.#locks = new Map();
  }

  async begin(run: NewRun): Promise<OpenRun> {
    const kept: Kept = {
      ...run,
      runId: `run-${this.#runs.length + 1}`,
      startedAtMs: this.#clock.wall(),
      journal: [],
      bytes: new Map(),
      report: null,
    };
    this.#lock(kept);
    this.#runs.push(kept);
    return this.#open(kept);
  }

  async list({ hostId, limit }: { readonly hostId: string; readonly limit: number }): Promise<readonly RunSummary[]> {
    return this.#runs
      .filter((run) => run.hostId === hostId)
      .toReversed()
      .slice(0, limit)
      .map(toRecord);
  }

  async read(runId: string): Promise<RunRecord | null> {
    const run = this.#runs.find((each) => each.runId === runId);
    return run === undefined ? null : toRecord(run);
  }

  async reopen(runId: string): Promise<OpenRun> {
    const run = this.#runs.find((each) => each.runId === runId);
    if (run === undefined) throw new OpsError({ code: 'HOST_RUN_UNKNOWN', message: 'No such run.' });
    this.#lock(run);
    return this.#open(run);
  }

  async prune(): Promise<number> {
    return 0;
  }

  #lock({ hostId, runId }: Kept): void {
    if (this.#locks.has(hostId)) throw new OpsError({ code: 'HOST_RUN_LOCKED', message: 'This host is being worked on.' });
    this.#locks.set(hostId, runId);
  }

  #open(run: Kept): OpenRun {
    const release = async (): Promise<void> => void this.#locks.delete(run.hostId);
    return {
      runId: run.runId,
      get journal() {
        return [...run.journal];
      },
      append: async (entry) => void run.journal.push(entry),
      async keepBytes(content) {
        const sha256 = await hashBytes(content);
        run.bytes.set(sha256, Uint8Array.from(content));
        return sha256;
      },
      async readBytes(sha256) {
        const bytes = run.bytes.get(sha256);
        if (bytes === undefined) throw new Error(`Nothing is kept under ${sha256}.`);
        return bytes;
      },
      note: () => undefined,
      async finish(report) {
        run.report = report;
        await release();
      },
      release,
    };
  }
}

function toRecord({ bytes: _bytes, journal, report, ...run }: Kept): RunRecord {
  return { ...run, journal: [...journal], report, endedAtMs: report?.endedAtMs ?? null, end: report?.end ?? null };
}
