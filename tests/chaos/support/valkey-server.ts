import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from '@breakwater/kernel';

/** A real Valkey, or Redis where the release has no other, on a port of its own and without persistence. */
export interface ValkeyServer {
  readonly url: Secret;
  readonly port: number;
  /** Sends one command outside of any client library and gives the first bytes of the answer. */
  command(text: string): Promise<string>;
  freeze(): void;
  thaw(): void;
  /** Kills it; everything it knew is gone. */
  kill(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

export async function startValkey(): Promise<ValkeyServer> {
  const server = new RealServer(await findFreePort());
  await server.start();
  return server;
}

class RealServer implements ValkeyServer {
  readonly port: number;
  readonly url: Secret;
  readonly #folder = mkdtempSync(join(tmpdir(), 'breakwater-valkey-'));
  #child: ChildProcess | null = null;

  constructor(port: number) {
    this.port = port;
    this.url = new Secret(`redis://127.0.0.1:${port}`);
  }

  async start(): Promise<void> {
    const program = findProgram();
    const args = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', this.#folder];
    this.#child = spawn(program, args, { stdio: 'ignore' });
    const endsAtMs = performance.now() + 10_000;
    while (!(await this.command('PING').catch(() => '')).startsWith('+PONG')) {
      if (performance.now() > endsAtMs) throw new Error(`${program} does not answer on port ${this.port}.`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  command(text: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port: this.port, host: '127.0.0.1' }, () => socket.write(`${text}\r\n`));
      socket.setTimeout(2_000, () => socket.destroy(new Error('no answer')));
      socket.once('data', (data) => {
        socket.destroy();
        resolve(data.toString());
      });
      socket.once('error', reject);
    });
  }

  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function findProgram(): string {
  for (const name of ['valkey-server', 'redis-server']) {
    try {
      return execFileSync('which', [name], { encoding: 'utf8' }).trim();
    } catch {
      // Not this one.
    }
  }
  throw new Error('Neither valkey-server nor redis-server is installed.');
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('No free port.');
  return address.port;
}
