import { spawn } from 'node:child_process';
import { OpsError, type Secret } from '@breakwater/kernel';
import { openPrivateFolder, type PrivateFolder } from './private-folder.ts';
import { createMissingError, runOpenssh } from './run-openssh.ts';

const TIMEOUT_MS = 10_000;

/** A private key in the memory of an ssh-agent of its own: on no disk, in no argument, in no environment. */
export interface KeyAgent {
  readonly folder: PrivateFolder;
  readonly socket: string;
  /** The public half, so that ssh offers this key and none of the user's own. */
  readonly publicKeyPath: string;
  stop(): Promise<void>;
}

/**
 * The agent lives as long as the command that it is started with, and that one as long as its standard input: when this process dies, even by KILL, both
 * end (the agent looks every 10 s) and the key is gone.
 */
export async function startKeyAgent(privateKey: Secret, { signal }: { readonly signal: AbortSignal }): Promise<KeyAgent> {
  const folder = await openPrivateFolder();
  const socket = folder.at('agent');
  const child = spawn('ssh-agent', ['-a', socket, 'sh', '-c', 'echo "$SSH_AGENT_PID"; exec cat >/dev/null'], {
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.stdin.on('error', () => undefined);
  const stop = async (pid: number | null): Promise<void> => {
    if (pid !== null) endProcess(pid);
    child.stdin.end();
    child.kill('SIGKILL');
    await ended;
    await folder.remove();
  };
  let pid: number | null = null;
  try {
    pid = await new Promise<number>((resolve, reject) => {
      child.once('error', (cause) => reject(createMissingError('ssh-agent', cause)));
      child.once('close', () => reject(new OpsError({ code: 'HOST_SSH_FAILED', message: 'ssh-agent ended before it held the key.' })));
      child.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk.toString())));
    });
    const call = { program: 'ssh-add', agentSocket: socket, timeoutMs: TIMEOUT_MS, signal } as const;
    const added = await runOpenssh({ ...call, args: ['-q', '-'], stdin: privateKey.reveal() });
    const listed = await runOpenssh({ ...call, args: ['-L'] });
    if (added.exitCode !== 0 || listed.exitCode !== 0) {
      throw new OpsError({ code: 'HOST_SSH_FAILED', message: 'ssh-agent did not take the key of the login. Enter the key again.' });
    }
    await folder.write('login.pub', listed.stdout);
  } catch (error) {
    await stop(pid);
    throw error;
  }
  const agentPid = pid;
  return { folder, socket, publicKeyPath: folder.at('login.pub'), stop: () => stop(agentPid) };
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
