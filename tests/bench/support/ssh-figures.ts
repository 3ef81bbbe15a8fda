import { createSshExecutor } from '@breakwater/ssh';
import { startSshServer } from '../../bed/host/ssh-server.ts';

export interface SshFigures {
  readonly glanceMs: number;
  readonly statMs: number;
  readonly readMs: number;
  readonly jobMs: number;
  /** Another ssh for each command, as many tools do it. */
  readonly freshMs: number;
}

const CALLS = 60;

/** Medians of one command at a time over a private sshd on the loopback. */
export async function measureSsh(): Promise<SshFigures> {
  const server = await startSshServer();
  const { keyPath, knownHostsPath, port, user } = server;
  const open = () => createSshExecutor({ host: '127.0.0.1', hostId: 'bench', port, user, keyPath, knownHostsPath, privilege: 'login' });
  const { signal } = new AbortController();
  const host = await open();
  try {
    return {
      glanceMs: await toMedianMs(CALLS, () => host.run({ argv: ['true'], timeoutMs: 10_000, weight: 'glance' }, { signal })),
      statMs: await toMedianMs(CALLS, () => host.files.stat('/etc/passwd')),
      readMs: await toMedianMs(CALLS, () => host.files.read('/etc/passwd')),
      jobMs: await toMedianMs(CALLS, () => host.run({ argv: ['true'], timeoutMs: 10_000 }, { signal })),
      freshMs: await toMedianMs(7, async () => {
        const once = await open();
        await once.run({ argv: ['true'], timeoutMs: 10_000 }, { signal });
        await once.close();
      }),
    };
  } finally {
    await host.close();
    await server.stop();
  }
}

async function toMedianMs(calls: number, act: () => Promise<unknown>): Promise<number> {
  const took: number[] = [];
  for (let call = 0; call < calls; call++) {
    const startedAtMs = performance.now();
    await act();
    took.push(performance.now() - startedAtMs);
  }
  return took.toSorted((one, two) => one - two)[Math.floor(calls / 2)] ?? 0;
}
