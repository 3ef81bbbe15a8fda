import { type ChildProcess, spawn } from 'node:child_process';

export interface Child {
  readonly process: ChildProcess;
  /** Everything printed so far, both streams. */
  output(): string;
  /** Waits for a line that matches, and fails with the output when the process ends or time runs out. */
  waitFor(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
  /** Sends the signal and waits for the end; gives the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export function startChild(
  program: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string; readonly uid?: number; readonly gid?: number } = {},
): Child {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let output = '';
  const listeners = new Set<() => void>();
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      output += `\n${error.message}`;
      resolve(127);
    });
    child.once('close', (code) => resolve(code));
  }).finally(() => {
    for (const listener of listeners) listener();
  });
  const collect = (chunk: Buffer): void => {
    output += chunk.toString();
    for (const listener of listeners) listener();
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  return {
    process: child,
    output: () => output,
    waitFor: (pattern, timeoutMs = 30_000) =>
      new Promise((resolve, reject) => {
        const finish = (act: () => void): void => {
          clearTimeout(timer);
          listeners.delete(look);
          act();
        };
        const look = (): void => {
          const match = pattern.exec(output);
          if (match !== null) finish(() => resolve(match));
          else if (child.exitCode !== null || child.signalCode !== null)
            finish(() => reject(new Error(`ended with ${child.exitCode} before ${pattern}:\n${output}`)));
        };
        const timer = setTimeout(() => finish(() => reject(new Error(`no ${pattern} within ${timeoutMs} ms:\n${output}`))), timeoutMs);
        listeners.add(look);
        look();
      }),
    async stop(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return await ended;
    },
  };
}

/** Asks again every 100 ms until `probe` gives something other than undefined or false. */
export async function eventually<T>(
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  options: { readonly what: string; readonly timeoutMs?: number },
): Promise<T> {
  const deadline = Date.now() + (options.timeoutMs ?? 30_000);
  let last: unknown;
  for (;;) {
    try {
      const value = await probe();
      if (value !== undefined && value !== false) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`never happened: ${options.what}`, { cause: last });
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
  }
}

/** Asks every 100 ms for a time whether something is still so, and fails as soon as it is not. */
export async function staysSo(
  probe: () => Promise<boolean> | boolean,
  options: { readonly what: string; readonly forMs: number },
): Promise<void> {
  const end = Date.now() + options.forMs;
  while (Date.now() < end) {
    if (!(await probe())) throw new Error(`it did not stay so: ${options.what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
  }
}
