import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

export interface DownloadProcess {
  /** Everything it has said. */
  said(): string;
  /** Resolves when it has said this. */
  until(pattern: RegExp): Promise<void>;
  begin(): void;
  kill(): Promise<void>;
}

export interface DownloadProcessOptions {
  readonly url: string;
  readonly sha256: string;
  /** Where the file shall be. */
  readonly dest: string;
  /** Of the cache and the state of breakers. */
  readonly folder: string;
  /** Of `bundleDownloadProgram`. */
  readonly program: string;
}

/** The program of these processes as one file: so they start in a tenth of the time, and many are started. */
export async function bundleDownloadProgram(folder: string): Promise<string> {
  const build = await rolldown({
    input: join(import.meta.dirname, 'peers/download-process.ts'),
    platform: 'node',
    resolve: { conditionNames: ['@breakwater/source', 'import', 'node'] },
    logLevel: 'silent',
    // The storage for portals comes along otherwise.
    treeshake: { moduleSideEffects: false },
  });
  const file = join(folder, 'download-process.mjs');
  await build.write({ file, format: 'esm', codeSplitting: false });
  await build.close();
  return file;
}

/** A process that fetches one file over the whole network layer, when it is told to; ready. */
export async function startDownloadProcess({ dest, folder, program, sha256, url }: DownloadProcessOptions): Promise<DownloadProcess> {
  const args = ['--disable-warning=ExperimentalWarning', program, url, sha256, dest, folder];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  let said = '';
  let isOver = false;
  const waiters = new Set<() => void>();
  const tell = (): void => {
    for (const waiter of waiters) waiter();
  };
  child.stdin.on('error', () => undefined);
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    tell();
  });
  child.once('exit', () => {
    isOver = true;
    tell();
  });
  const until = (pattern: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!pattern.test(said) && !isOver) return;
        waiters.delete(look);
        if (pattern.test(said)) resolve();
        else reject(new Error(`The process ended before it ${pattern}; it said: ${said}`));
      };
      waiters.add(look);
      look();
    });
  await until(/ready/);
  return {
    said: () => said,
    until,
    begin: () => void child.stdin.write('begin\n'),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
