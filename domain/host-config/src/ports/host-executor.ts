/**
 * How the configurator acts on one host, near or far. Steps speak to this port only; the implementations are a process runner on this
 * machine and one over OpenSSH, and both pass `describeHostExecutor` of the testing door.
 */
export interface HostExecutor {
  /** Scope of breaker state and of locks: `local`, or the id of a machine. */
  readonly hostId: string;
  /** For people: `this machine`, `root@10.0.0.7`. */
  readonly label: string;
  /** Never rejects for what a command does; rejects only with the signal's reason. Argv is passed as it is: no shell takes it apart. */
  run(command: HostCommand, options: { readonly signal: AbortSignal }): Promise<CommandResult>;
  readonly files: HostFiles;
  close(): Promise<void>;
}

export interface HostCommand {
  /** Program and arguments. Never a secret: other users of a host can read argv. */
  readonly argv: readonly [string, ...string[]];
  /** Added to a small fixed environment (`PATH`, `HOME`, `LC_ALL=C.UTF-8`); nothing else of the caller's environment is passed on. */
  readonly env?: Readonly<Record<string, string>>;
  /** Written to standard input, which is then closed; without it, standard input is empty. Secrets go this way. */
  readonly stdin?: Uint8Array;
  readonly cwd?: string;
  readonly timeoutMs: number;
  /**
   * What a timeout or an abort does. `terminate`: TERM to the whole process group, KILL after `graceMs` (default 5 s).
   * `interrupt`: INT only, then wait up to `graceMs`, never TERM or KILL: a dpkg that is cut down leaves a half-installed package and a
   * held lock, while apt ends the running transaction cleanly on INT.
   */
  readonly onTimeout?: 'terminate' | 'interrupt';
  readonly graceMs?: number;
  /**
   * `long` (apt, clone): over a network link it runs detached and is polled, so that a cut link neither ends nor repeats it. `glance`: only reads, ends
   * in moments and leaves nothing running; over a link that costs a fraction, and a cut link repeats it. Default `quick`.
   */
  readonly weight?: 'quick' | 'long' | 'glance';
  /** Output as it arrives, for progress; decoded as UTF-8, cut anywhere. */
  readonly onOutput?: (chunk: string, stream: 'stdout' | 'stderr') => void;
}

export interface CommandResult {
  readonly end: CommandEnd;
  /** The last 64 KiB of each stream. */
  readonly stdout: string;
  readonly stderr: string;
  /** True when the beginning of a stream was dropped. */
  readonly isTruncated: boolean;
  readonly tookMs: number;
}

export type CommandEnd =
  | { readonly kind: 'exited'; readonly exitCode: number }
  | { readonly kind: 'signaled'; readonly signal: string }
  /** `exitCode` when an interrupted command still came to its own end within the grace time. */
  | { readonly kind: 'timed-out'; readonly exitCode: number | null }
  /** The program is not there or cannot be executed. */
  | { readonly kind: 'not-started'; readonly reason: string }
  /** The link to the host is gone and did not come back: whether the command ran to its end is unknown. */
  | { readonly kind: 'lost'; readonly reason: string };

/** Files of the host. Paths are absolute. Every method rejects with an `OpsError` `HOST_FILE_*` that names the path. */
export interface HostFiles {
  /** Follows no link. Null: nothing is there. */
  stat(path: string): Promise<FileFacts | null>;
  /** Null: nothing is there. `HOST_FILE_TOO_LARGE` beyond `maxBytes` (default 1 MiB). */
  read(path: string, options?: { readonly maxBytes?: number }): Promise<Uint8Array | null>;
  /** Replaces in one step: a temporary file in the same folder, then a rename. The folder must exist. */
  write(path: string, content: Uint8Array, attributes: FileAttributes): Promise<void>;
  /** Brings a file of this machine to the host, in one step like `write`; for what is too large to hold in memory. */
  install(localPath: string, path: string, attributes: FileAttributes): Promise<void>;
  setAttributes(path: string, attributes: Partial<FileAttributes>): Promise<void>;
  makeDirectory(path: string, attributes: FileAttributes): Promise<void>;
  makeLink(path: string, target: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** A file or a link; nothing there is fine. */
  remove(path: string): Promise<void>;
  /** Only when it is empty; nothing there is fine. False: it is not empty and stays. */
  removeDirectory(path: string): Promise<boolean>;
  /** Everything below, links not followed. Refuses `/` and anything less than two names deep. */
  removeTree(path: string): Promise<void>;
  /** Names, sorted; null when there is no such directory. */
  list(path: string): Promise<readonly string[] | null>;
}

export interface FileAttributes {
  /** Permission bits, `0o644`. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Set when a file is put back, so that a tree after a rollback equals the tree before. */
  readonly mtimeMs?: number;
}

export interface FileFacts {
  readonly kind: 'file' | 'directory' | 'link' | 'other';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  /** Of a link. */
  readonly target: string | null;
}
