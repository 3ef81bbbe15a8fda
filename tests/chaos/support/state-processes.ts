import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface StateProcess {
  /** Everything it has said. */
  readonly said: () => string;
  tell(line: string): void;
  kill(): Promise<void>;
}

/** Processes at the same state of breakers; all are ready. */
export async function startStateProcesses(count: number, path: string): Promise<readonly StateProcess[]> {
  return await Promise.all(Array.from({ length: count }, () => startStateProcess(path)));
}

async function startStateProcess(path: string): Promise<StateProcess> {
  const program = join(import.meta.dirname, '../peers/breaker-command.ts');
  const args = ['--conditions=@breakwater/source', '--disable-warning=ExperimentalWarning', program, path];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  let said = '';
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('ready')) resolve();
    });
    child.once('exit', () => reject(new Error('ended before it was ready')));
  });
  const ended = once(child, 'exit');
  await ready;
  return {
    said: () => said,
    tell: (line) => void child.stdin.write(`${line}\n`),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
