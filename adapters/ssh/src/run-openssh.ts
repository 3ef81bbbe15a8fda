import { spawn } from 'node:child_process';
import { OpsError } from '@breakwater/kernel';

const MAX_OUTPUT_BYTES = 65_536;

export interface OpensshCall {
  /** Of the package openssh-client. */
  readonly program: 'ssh-add' | 'ssh-keygen' | 'ssh-keyscan';
  /** Never a secret: other users of this machine can read them. */
  readonly args: readonly string[];
  /** Secrets go this way. */
  readonly stdin?: string;
  readonly agentSocket?: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface OpensshEnd {
  /** Null: it was ended because it took too long. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Rejects with `HOST_SSH_MISSING`, or with the signal's reason. */
export function runOpenssh({ agentSocket, args, program, signal, stdin = '', timeoutMs }: OpensshCall): Promise<OpensshEnd> {
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8', ...(agentSocket === undefined ? {} : { SSH_AUTH_SOCK: agentSocket }) },
      stdio: 'pipe',
      // Without a terminal, passphrases are read from standard input.
      detached: true,
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    const output = { stdout: '', stderr: '' };
    const onAbort = (): void => void child.kill('SIGKILL');
    signal.addEventListener('abort', onAbort, { once: true });
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (chunk: Buffer) => {
        if (output[name].length < MAX_OUTPUT_BYTES) output[name] += chunk.toString('utf8');
      });
    }
    child.stdin.on('error', () => undefined);
    child.once('error', (cause) => {
      signal.removeEventListener('abort', onAbort);
      reject(createMissingError(program, cause));
    });
    child.once('close', (exitCode) => {
      signal.removeEventListener('abort', onAbort);
      if (signal.aborted) reject(signal.reason);
      else resolve({ exitCode, ...output });
    });
    child.stdin.end(stdin);
  });
}

export function createMissingError(program: string, cause: unknown): OpsError {
  return new OpsError({
    code: 'HOST_SSH_MISSING',
    message: `${program} could not be started on the machine of the portal. Install the package openssh-client there.`,
    cause,
    details: { program },
  });
}
