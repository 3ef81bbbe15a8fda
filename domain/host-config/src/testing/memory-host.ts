import { OpsError } from '@breakwater/kernel';
import type { CommandResult, FileAttributes, FileFacts, HostCommand, HostExecutor, HostFiles } from '../ports/host-executor.ts';

interface Entry {
  readonly kind: 'file' | 'directory' | 'link';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeMs: number;
  readonly content: Uint8Array;
  readonly target: string | null;
}

/** What a command of the fake does: an exit code and words (`isMissing`: there is no such program), and whatever it changes in the files. */
export type CommandScript = (
  command: HostCommand,
  host: MemoryHost,
) => { readonly exitCode?: number; readonly stdout?: string; readonly stderr?: string; readonly isMissing?: boolean } | undefined;

const NOTHING = new Uint8Array();

/** A host in memory: a file tree, and commands that a test writes. Stricter than the real one: a command without a script is an error. */
export class MemoryHost implements HostExecutor {
  readonly hostId = 'memory';
  readonly label = 'a host in memory';
  readonly files: HostFiles;
  /** Every command that was run, as its argv. */
  readonly commands: (readonly string[])[] = [];
  readonly #entries = new Map<string, Entry>();
  /** Folders that came with a file. */
  readonly #implied = new Set<string>();
  readonly #scripts: CommandScript[];
  #clock = 1_000;

  constructor(options: { readonly files?: Readonly<Record<string, string>>; readonly scripts?: readonly CommandScript[] } = {}) {
    this.#scripts = [...(options.scripts ?? [])];
    this.#entries.set('/', { kind: 'directory', mode: 0o755, uid: 0, gid: 0, mtimeMs: 0, content: NOTHING, target: null });
    for (const [path, text] of Object.entries(options.files ?? {})) this.put(path, text);
    this.files = this.#createFiles();
  }

  /** A file of root with its folders, as if it had always been there. */
  put(path: string, text: string, attributes: Partial<FileAttributes> = {}): void {
    const parts = path.split('/').slice(1, -1);
    for (const [index] of parts.entries()) {
      const folder = `/${parts.slice(0, index + 1).join('/')}`;
      if (this.#entries.has(folder)) continue;
      this.#set(folder, { kind: 'directory', mode: 0o755 });
      this.#implied.add(folder);
    }
    this.#set(path, { kind: 'file', mode: 0o644, content: new TextEncoder().encode(text), ...attributes });
  }

  /** What `put` has put there, with the folders that are empty then. */
  erase(path: string): void {
    this.#entries.delete(path);
    for (let folder = toParent(path); folder !== '/'; folder = toParent(folder)) {
      if ([...this.#entries.keys()].some((each) => each.startsWith(`${folder}/`)) || !this.#implied.has(folder)) return;
      this.#entries.delete(folder);
      this.#implied.delete(folder);
    }
  }

  text(path: string): string | null {
    const entry = this.#entries.get(path);
    return entry?.kind === 'file' ? new TextDecoder().decode(entry.content) : null;
  }

  /** Every path with all that must be the same after a rollback. Times of directories change with what is in them and do not count. */
  snapshot(): Readonly<Record<string, string>> {
    const lines = [...this.#entries]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([path, entry]) => {
        const time = entry.kind === 'file' ? ` ${entry.mtimeMs}` : '';
        return [
          path,
          `${entry.kind} ${entry.mode.toString(8)} ${entry.uid}:${entry.gid}${time} ${entry.target ?? new TextDecoder().decode(entry.content)}`,
        ] as const;
      });
    return Object.fromEntries(lines);
  }

  /** Each look at the clock is a second later. */
  now(): number {
    this.#clock += 1_000;
    return this.#clock;
  }

  /** Asked in order; the first that answers counts. */
  addScript(script: CommandScript): void {
    this.#scripts.push(script);
  }

  run(command: HostCommand, { signal }: { readonly signal: AbortSignal }): Promise<CommandResult> {
    if (signal.aborted) return Promise.reject(signal.reason);
    this.commands.push(command.argv);
    for (const script of this.#scripts) {
      const answer = script(command, this);
      if (answer === undefined) continue;
      if (answer.isMissing === true) {
        const end = { kind: 'not-started', reason: `${command.argv[0]} is not there` } as const;
        return Promise.resolve({ end, stdout: '', stderr: '', isTruncated: false, tookMs: 1 });
      }
      const { exitCode = 0, stderr = '', stdout = '' } = answer;
      return Promise.resolve({ end: { kind: 'exited', exitCode }, stdout, stderr, isTruncated: false, tookMs: 1 });
    }
    return Promise.reject(new Error(`The test has no script for: ${command.argv.join(' ')}`));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #set(path: string, entry: Partial<Entry> & Pick<Entry, 'kind' | 'mode'>): void {
    this.#entries.set(path, { uid: 0, gid: 0, mtimeMs: this.now(), content: NOTHING, target: null, ...entry });
  }

  #createFiles(): HostFiles {
    const entries = this.#entries;
    const requireParent = (path: string): void => {
      const parent = toParent(path);
      const entry = entries.get(parent);
      if (entry === undefined || entry.kind === 'file') throw fileError('HOST_FILE_FAILED', path, 'its folder is not there');
    };
    const below = (path: string): string[] => [...entries.keys()].filter((each) => each.startsWith(`${path}/`));
    return {
      stat: async (path) => toFacts(entries.get(path)),
      read: async (path, { maxBytes = 1_048_576 } = {}) => {
        const entry = entries.get(path);
        if (entry === undefined) return null;
        if (entry.kind !== 'file') throw fileError('HOST_FILE_KIND', path, 'it is no file');
        if (entry.content.length > maxBytes) throw fileError('HOST_FILE_TOO_LARGE', path, 'it is too large');
        return entry.content;
      },
      write: async (path, content, attributes) => {
        requireParent(path);
        if (entries.get(path)?.kind === 'directory') throw fileError('HOST_FILE_KIND', path, 'it is a directory');
        this.#set(path, { kind: 'file', content: Uint8Array.from(content), ...withoutTime(attributes) });
      },
      install: async () => {
        throw new Error('A host in memory takes no files of the machine.');
      },
      setAttributes: async (path, attributes) => {
        const entry = entries.get(path);
        if (entry === undefined) throw fileError('HOST_FILE_FAILED', path, 'nothing is there');
        entries.set(path, { ...entry, ...attributes });
      },
      makeDirectory: async (path, attributes) => {
        requireParent(path);
        const entry = entries.get(path);
        if (entry !== undefined && entry.kind !== 'directory') throw fileError('HOST_FILE_KIND', path, 'something else is there');
        this.#set(path, { kind: 'directory', ...withoutTime(attributes) });
      },
      makeLink: async (path, target) => {
        requireParent(path);
        if (entries.has(path)) throw fileError('HOST_FILE_FAILED', path, 'something is there already');
        this.#set(path, { kind: 'link', mode: 0o777, target });
      },
      rename: async (from, to) => {
        requireParent(to);
        for (const path of [from, ...below(from)]) {
          const entry = entries.get(path);
          if (entry === undefined) throw fileError('HOST_FILE_FAILED', from, 'nothing is there');
          entries.delete(path);
          entries.set(`${to}${path.slice(from.length)}`, entry);
        }
      },
      remove: async (path) => {
        if (entries.get(path)?.kind === 'directory') throw fileError('HOST_FILE_KIND', path, 'it is a directory');
        entries.delete(path);
      },
      removeDirectory: async (path) => {
        if (below(path).length > 0) return false;
        entries.delete(path);
        return true;
      },
      removeTree: async (path) => {
        if (path.split('/').filter((part) => part !== '').length < 2)
          throw fileError('HOST_FILE_REFUSED', path, 'it is too near to the root');
        for (const each of [path, ...below(path)]) entries.delete(each);
      },
      list: async (path) => {
        if (entries.get(path)?.kind !== 'directory') return null;
        const prefix = path === '/' ? '/' : `${path}/`;
        const names = [...entries.keys()]
          .filter((each) => each.startsWith(prefix) && each !== path)
          .map((each) => each.slice(prefix.length));
        return names.filter((name) => name !== '' && !name.includes('/')).toSorted();
      },
    };
  }
}

/** A time that is put back is kept, as a file system does; without one the write is the newest. */
function withoutTime({ gid, mode, mtimeMs, uid }: FileAttributes): { mode: number; uid: number; gid: number; mtimeMs?: number } {
  return { mode, uid, gid, ...(mtimeMs === undefined || mtimeMs === 0 ? {} : { mtimeMs }) };
}

function toFacts(entry: Entry | undefined): FileFacts | null {
  if (entry === undefined) return null;
  const { content, gid, kind, mode, mtimeMs, target, uid } = entry;
  return { kind, mode, uid, gid, sizeBytes: content.length, mtimeMs, target };
}

const toParent = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';

function fileError(code: string, path: string, why: string): OpsError {
  return new OpsError({ code, message: `${path}: ${why}.`, details: { path } });
}
