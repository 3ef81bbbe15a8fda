import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { openCacheFolder } from './download-cache.ts';

/** What has arrived of a file, and from where: only with the same URL and the same strong validator may a later call go on. */
export interface PartialNote {
  readonly url: string;
  readonly validator: string;
}

/** The `.part` beside the finished file, with its hash kept up to date while it grows. */
export class PartialFile {
  readonly #path: string;
  #handle: FileHandle | null = null;
  #hash: Hash = createHash('sha256');
  #sizeBytes = 0;

  constructor(path: string) {
    this.#path = path;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** What an earlier call has left for this URL; null when there is nothing to go on with. */
  async findNote(url: string): Promise<PartialNote | null> {
    const note = parseNote(await readIfThere(this.#notePath));
    if (note === null || note.url !== url || (await sizeIfThere(this.#partPath)) === 0) return null;
    return note;
  }

  /** Goes on behind the bytes that are there; they are read once, for the hash. */
  async goOn(): Promise<void> {
    this.#hash = createHash('sha256');
    this.#sizeBytes = 0;
    for await (const chunk of createReadStream(this.#partPath)) {
      this.#hash.update(chunk as Buffer);
      this.#sizeBytes += (chunk as Buffer).length;
    }
    this.#handle = await open(this.#partPath, 'r+');
  }

  /** Begins from nothing. Without a strong validator there will be nothing to go on with. */
  async begin(note: PartialNote | null): Promise<void> {
    await this.close();
    await this.drop();
    this.#hash = createHash('sha256');
    this.#sizeBytes = 0;
    // Only now: what could not be fetched leaves nothing behind, a folder included.
    await openCacheFolder(dirname(this.#path));
    this.#handle = await open(this.#partPath, 'wx', 0o600);
    if (note !== null) await writeFile(this.#notePath, JSON.stringify(note), { mode: 0o600 });
  }

  async append(chunk: Uint8Array): Promise<void> {
    const handle = this.#handle;
    if (handle === null) throw new Error('The partial file is not open.');
    let offset = 0;
    while (offset < chunk.length) {
      const { bytesWritten } = await handle.write(chunk, offset, chunk.length - offset, this.#sizeBytes);
      offset += bytesWritten;
      this.#sizeBytes += bytesWritten;
    }
    this.#hash.update(chunk);
  }

  digest(): string {
    return this.#hash.copy().digest('hex');
  }

  /** On disk first, then under its name: whoever finds the name finds the whole file. */
  async finish(): Promise<void> {
    await this.#handle?.sync();
    await this.close();
    await rename(this.#partPath, this.#path);
    await rm(this.#notePath, { force: true });
    await using folder = await open(dirname(this.#path), 'r');
    await folder.sync();
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close();
  }

  async drop(): Promise<void> {
    await this.close();
    await rm(this.#partPath, { force: true });
    await rm(this.#notePath, { force: true });
  }

  get #partPath(): string {
    return `${this.#path}.part`;
  }

  get #notePath(): string {
    return `${this.#path}.part.json`;
  }
}

/** A note that cannot be read is as good as none: the file is fetched from its beginning. */
function parseNote(text: string | null): PartialNote | null {
  if (text === null) return null;
  try {
    const value = JSON.parse(text) as Partial<PartialNote> | null;
    return typeof value?.url === 'string' && typeof value.validator === 'string' ? { url: value.url, validator: value.validator } : null;
  } catch {
    return null;
  }
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function sizeIfThere(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}
