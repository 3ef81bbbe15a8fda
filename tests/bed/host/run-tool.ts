import { spawn, spawnSync } from 'node:child_process';

export interface ToolResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ToolOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
}

/** Nothing of the environment of whoever runs the tests reaches a tool. */
const toEnvironment = (options: ToolOptions): Record<string, string> => ({
  PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C.UTF-8',
  HOME: '/nonexistent',
  ...options.env,
});

/** Runs a program to its end. The servers of the bed go on answering meanwhile. */
export async function tryTool(argv: readonly [string, ...string[]], options: ToolOptions = {}): Promise<ToolResult> {
  const [program, ...args] = argv;
  const child = spawn(program, args, { env: toEnvironment(options), cwd: options.cwd, stdio: 'pipe' });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      said[name] += chunk;
    });
  }
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { exitCode, ...said };
}

/** For what is local, short and must work: anything but exit code 0 is an error with the words of the program. */
export function runTool(argv: readonly [string, ...string[]], options: ToolOptions = {}): string {
  const [program, ...args] = argv;
  const { error, status, stderr, stdout } = spawnSync(program, args, {
    env: toEnvironment(options),
    encoding: 'utf8',
    input: options.input ?? '',
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${argv.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
  return stdout;
}
