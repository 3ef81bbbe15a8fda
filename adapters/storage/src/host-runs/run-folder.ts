import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { JournalEntry, RunReport } from '@breakwater/host-config';
import { OpsError } from '@breakwater/kernel';
import { toStorageError } from '../database/storage-error.ts';

const MAX_JOURNAL_BYTES = 256 * 1_024 * 1_024;
const MAX_EVENT_BYTES = 16 * 1_024 * 1_024;
const OWNER_ONLY = 0o600;

export interface RunFiles {
  readonly plan: unknown;
  readonly journal: readonly JournalEntry[];
  readonly report: RunReport | null;
}

/** Makes the folder of a run with its plan; what is there when this resolves survives a power cut. */
export async function createRunFolder(folder: string, plan: unknown): Promise<void> {
  await guarded(folder, async () => {
    await mkdir(join(folder, 'files'), { recursive: true, mode: 0o700 });
    await writeDurably(join(folder, 'plan.json'), JSON.stringify(plan));
    await syncFolder(dirname(folder));
  });
}

export async function readRunFolder(folder: string): Promise<RunFiles> {
  return await guarded(folder, async () => ({
    plan: parseJson(await readOptional(join(folder, 'plan.json')), folder) ?? null,
    journal: parseJournal(await readOptional(join(folder, 'journal.jsonl'))).entries,
    report: (parseJson(await readOptional(join(folder, 'report.json')), folder) as RunReport | null) ?? null,
  }));
}

/** The part of a run's folder that grows. */
export class RunWriter {
  readonly #folder: string;
  readonly #journal: FileHandle;
  readonly #events: FileHandle;
  readonly #entries: JournalEntry[];
  #journalWork: Promise<unknown> = Promise.resolve();
  #eventWork: Promise<unknown> = Promise.resolve();
  #eventBytes: number;

  private constructor(
    folder: string,
    state: { journal: FileHandle; events: FileHandle; entries: readonly JournalEntry[]; eventBytes: number },
  ) {
    this.#folder = folder;
    this.#journal = state.journal;
    this.#events = state.events;
    this.#entries = [...state.entries];
    this.#eventBytes = state.eventBytes;
  }

  /** Drops half a last line, which a process that was killed while writing has left: what it tells of never began. */
  static async open(folder: string): Promise<RunWriter> {
    return await guarded(folder, async () => {
      const path = join(folder, 'journal.jsonl');
      const { completeBytes, entries } = parseJournal(await readOptional(path));
      const journal = await open(path, 'a', OWNER_ONLY);
      await journal.truncate(completeBytes);
      const events = await open(join(folder, 'events.jsonl'), 'a', OWNER_ONLY);
      await syncFolder(folder);
      return new RunWriter(folder, { journal, events, entries, eventBytes: (await events.stat()).size });
    });
  }

  get entries(): readonly JournalEntry[] {
    return [...this.#entries];
  }

  async append(entry: JournalEntry): Promise<void> {
    const work = this.#journalWork.then(async () => {
      await this.#journal.appendFile(`${JSON.stringify(entry)}\n`);
      await this.#journal.datasync();
      this.#entries.push(entry);
    });
    // One line that could not be written must not keep the later ones from being tried.
    this.#journalWork = work.catch(() => undefined);
    await guarded(this.#folder, () => work);
  }

  async keepBytes(content: Uint8Array): Promise<string> {
    const sha256 = createHash('sha256').update(content).digest('hex');
    const path = join(this.#folder, 'files', sha256);
    await guarded(path, async () => {
      if ((await readOptional(path))?.equals(content) !== true) await writeDurably(path, content);
    });
    return sha256;
  }

  async readBytes(sha256: string): Promise<Uint8Array> {
    const path = join(this.#folder, 'files', sha256);
    const content = /^[0-9a-f]{64}$/.test(sha256) ? await guarded(path, () => readOptional(path)) : null;
    if (content === null || createHash('sha256').update(content).digest('hex') !== sha256) {
      throw new OpsError({
        code: 'HOST_RUN_BYTES_LOST',
        message: `What the run has kept as ${sha256.slice(0, 64)} is missing or damaged, so it cannot be put back.`,
        details: { sha256: sha256.slice(0, 64) },
      });
    }
    return content;
  }

  note(event: Readonly<Record<string, unknown>>): void {
    const line = `${JSON.stringify(event)}\n`;
    if (this.#eventBytes > MAX_EVENT_BYTES) return;
    this.#eventBytes += line.length;
    // Events are for reading later; a run does not fail because one of them found no room. The journal would say so at once.
    this.#eventWork = this.#eventWork.then(() => this.#events.appendFile(line)).catch(() => undefined);
  }

  async writeReport(report: RunReport): Promise<void> {
    await guarded(this.#folder, () => writeDurably(join(this.#folder, 'report.json'), JSON.stringify(report)));
  }

  async close(): Promise<void> {
    await this.#journalWork;
    await this.#eventWork;
    await this.#journal.close();
    await this.#events.close();
  }
}

async function guarded<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw toStorageError(error, { path });
  }
}

function parseJournal(bytes: Buffer | null): { readonly entries: readonly JournalEntry[]; readonly completeBytes: number } {
  const entries: JournalEntry[] = [];
  let completeBytes = 0;
  if (bytes === null) return { entries, completeBytes };
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, completeBytes)) {
    try {
      entries.push(JSON.parse(bytes.toString('utf8', completeBytes, end)) as JournalEntry);
    } catch {
      // A disk that lost power may hold a line of zeros where the last one was; nothing behind it can be trusted.
      break;
    }
    completeBytes = end + 1;
  }
  return { entries, completeBytes };
}

function parseJson(bytes: Buffer | null, folder: string): unknown {
  if (bytes === null) return null;
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new OpsError({ code: 'STORAGE_CORRUPT', message: `A file of the run in ${folder} is damaged.`, cause: error });
  }
}

async function readOptional(path: string): Promise<Buffer | null> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    if ((await handle.stat()).size > MAX_JOURNAL_BYTES) throw new Error('The file is larger than any that this program writes.');
    return await readFile(handle);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  } finally {
    await handle?.close();
  }
}

/** Complete or not at all, also after a power cut. */
async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  const draft = `${path}.draft`;
  const handle = await open(draft, 'w', OWNER_ONLY);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, path);
  await syncFolder(dirname(path));
}

/** A new name in a folder is on disk only when the folder is. */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
