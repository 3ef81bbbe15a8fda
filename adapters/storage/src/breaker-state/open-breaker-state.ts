import { chmodSync, closeSync, mkdirSync, openSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Clock, isOpsError, type Logger, type OpsError } from '@breakwater/kernel';
import { createMemoryKeptStore, type KeptHost, type KeptRecord, type KeptStore } from '@breakwater/resilience';
import { toStorageError } from '../database/storage-error.ts';
import { readHost } from './read-host.ts';
import { openSqliteKeptStore, type SqliteKeptStore } from './sqlite-kept-store.ts';

export interface OpenBreakerStateOptions {
  /** The database; made when missing, its folder too, both for their owner only. */
  readonly path: string;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Default: this computer and this process. */
  readonly host?: KeptHost;
}

export interface BreakerState {
  readonly store: KeptStore;
  readonly host: KeptHost;
  /** `memory`: nothing can be written, so what is learned ends with this process. */
  readonly kept: 'file' | 'memory';
  close(): void;
}

/** What keeps a command from writing is no reason for it not to do its work. */
const GOES_ON = new Set(['STORAGE_READ_ONLY', 'STORAGE_FULL', 'STORAGE_UNREADABLE', 'STORAGE_SCHEMA_NEWER']);

/**
 * Breakers of short-lived commands in one SQLite file that many processes use at once. A damaged file is moved aside and a new one begun;
 * where nothing can be written, the breakers live in memory, and both are said once. `STORAGE_BUSY` when another process holds the file
 * for more than 5 s.
 */
export function openBreakerState(options: OpenBreakerStateOptions): BreakerState {
  return new State(options);
}

class State implements BreakerState, KeptStore {
  readonly host: KeptHost;
  readonly store: KeptStore = this;
  readonly #options: OpenBreakerStateOptions;
  #file: SqliteKeptStore | null = null;
  #memory: KeptStore | null = null;

  constructor(options: OpenBreakerStateOptions) {
    this.#options = options;
    this.host = options.host ?? readHost(options.clock);
    try {
      this.#file = this.#open();
    } catch (error) {
      this.#recover(error);
    }
  }

  get kept(): 'file' | 'memory' {
    return this.#memory === null ? 'file' : 'memory';
  }

  update: KeptStore['update'] = (key, change) => this.#try((store) => store.update(key, change));

  list: KeptStore['list'] = () => this.#try((store) => store.list());

  transitions: KeptStore['transitions'] = (query) => this.#try((store) => store.transitions(query));

  close(): void {
    this.#file?.close();
    this.#file = null;
  }

  #try<T>(act: (store: KeptStore) => T): T {
    try {
      return act(this.#current());
    } catch (error) {
      this.#recover(error);
      return act(this.#current());
    }
  }

  #current(): KeptStore {
    const store = this.#memory ?? this.#file;
    if (store === null) throw new Error('The state of the breakers is closed.');
    return store;
  }

  #open(): SqliteKeptStore {
    const { path } = this.#options;
    ensureFile(path);
    return openSqliteKeptStore(path, { machineId: this.host.machineId });
  }

  /** Throws what nothing can be done about. */
  #recover(error: unknown): void {
    if (!isOpsError(error) || this.#memory !== null) throw error;
    if (error.code === 'STORAGE_CORRUPT') {
      this.#file?.close();
      this.#file = this.#beginAgain(error);
    } else if (GOES_ON.has(error.code)) {
      this.#useMemory(error);
    } else {
      throw error;
    }
  }

  #beginAgain(error: OpsError): SqliteKeptStore | null {
    const { clock, logger, path } = this.#options;
    const aside = `${path}.damaged-${clock.wall()}`;
    try {
      renameSync(path, aside);
      // What belongs to the damaged file must not be replayed into the new one.
      for (const end of ['-wal', '-shm']) moveIfThere(`${path}${end}`, `${aside}${end}`);
      logger.warn('The state of the circuit breakers was damaged. It was moved aside, and all begin closed.', { path, aside, error });
      return this.#open();
    } catch (second) {
      this.#useMemory(toStorageError(second, { path }));
      return null;
    }
  }

  #useMemory(error: OpsError): void {
    const { logger, path } = this.#options;
    logger.warn('The state of the circuit breakers cannot be written; what this command learns is gone when it ends.', { path, error });
    this.#memory = createMemoryKeptStore({ records: readWhatCanBeRead(this.#file) });
    this.#file?.close();
    this.#file = null;
  }
}

function readWhatCanBeRead(file: SqliteKeptStore | null): readonly KeptRecord[] {
  try {
    return file?.list() ?? [];
  } catch {
    // Then nothing is known, and all begin closed.
    return [];
  }
}

/** Before SQLite does: the files it puts beside take over the mode of this one. */
function ensureFile(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    closeSync(openSync(path, 'a', 0o600));
    chmodSync(path, 0o600);
  } catch (error) {
    throw toStorageError(error, { path });
  }
}

function moveIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}
