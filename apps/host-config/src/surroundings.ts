import { userInfo } from 'node:os';
import type { Prompter } from './commands/wizard.ts';
import { readEnvironment } from './config.ts';
import type { ConsoleStreams } from './console.ts';
import type { HostParts } from './parts.ts';

/** What surrounds one call of the program. */
export interface Surroundings extends ConsoleStreams {
  readonly input: AsyncIterable<Uint8Array> & { readonly isTTY?: boolean };
  /** Standard output is a terminal. */
  readonly isTerminal: boolean;
  /** Of the terminal. */
  readonly columns: number;
  readonly isColorRefused: boolean;
  /** The `VPSCFG_*` variables. */
  readonly settings: Readonly<Record<string, string | undefined>>;
  readonly defaultStateDir: string;
  readonly systemConfigPath: string;
  readonly defaultKnownHosts: string;
  /** Of the SSH agent. */
  readonly agentSocket: string | null;
  readonly userName: string;
  readonly version: string;
  /** Calls back for each Ctrl-C (and SIGTERM) until the returned function is called; by then the process is not ended by it. */
  onInterrupt(listener: () => void): () => void;
  /** Resolves to what a person typed; null when nobody is there to ask. */
  readonly ask: (question: string) => Promise<string | null>;
  /** Null when nobody is there to ask. */
  openPrompter(): Promise<Prompter | null>;
  /** Loaded only by the commands that need it: saying why apt failed needs no SSH. */
  loadParts(): Promise<HostParts>;
}

/** Of this process. */
export function openSurroundings(): Surroundings {
  // What apt, git and tar make on this machine must be as open as over SSH, whatever the umask of the caller.
  process.umask(0o022);
  // Whoever read our output has gone: a closed terminal, or a pipe into `head`. That must not cut off the work or the cleaning up.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const environment = readEnvironment();
  const isRoot = process.getuid?.() === 0;
  return {
    input: process.stdin,
    output: process.stdout,
    messages: process.stderr,
    isTerminal: process.stdout.isTTY,
    get columns() {
      return process.stdout.columns ?? 80;
    },
    isColorRefused: environment.isColorRefused,
    settings: environment.settings,
    defaultStateDir: isRoot ? '/var/lib/vps-configurator' : environment.userStateDir,
    systemConfigPath: '/etc/vps-configurator/config.yaml',
    defaultKnownHosts: environment.knownHosts,
    agentSocket: environment.agentSocket,
    userName: environment.sudoUser ?? userInfo().username,
    version: '0.1.0',
    onInterrupt(listener) {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, listener);
      return () => {
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, listener);
      };
    },
    async ask(question) {
      if (!process.stdin.isTTY) return null;
      const { createInterface } = await import('node:readline/promises');
      const reader = createInterface({ input: process.stdin, output: process.stderr });
      try {
        return await reader.question(question);
      } finally {
        reader.close();
      }
    },
    async openPrompter() {
      if (!process.stdin.isTTY || !process.stdout.isTTY) return null;
      const { createTerminalPrompter } = await import('./terminal-prompter.ts');
      return createTerminalPrompter();
    },
    async loadParts() {
      const { composeParts } = await import('./compose.ts');
      return composeParts();
    },
  };
}
