import { readdirSync, readFileSync } from 'node:fs';
import type { HostExecutor } from '@breakwater/host-config';
import { describeHostExecutor } from '@breakwater/host-config/testing';
import { createSshExecutor, type SshExecutorOptions } from '@breakwater/ssh';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBedFolder } from '../bed/host/bed-folder.ts';
import { type SshServer, startSshServer } from '../bed/host/ssh-server.ts';
import { startTcpRelay, type TcpRelay } from '../bed/host/tcp-relay.ts';

let sshd: SshServer;

beforeAll(async () => {
  sshd = await startSshServer();
});

afterAll(() => sshd.stop());

const never = new AbortController().signal;

function toOptions(port: number): SshExecutorOptions {
  const { keyPath, knownHostsPath, user } = sshd;
  const hostKeyAlias = `[127.0.0.1]:${sshd.port}`;
  return { host: '127.0.0.1', hostId: 'bed', port, user, keyPath, knownHostsPath, hostKeyAlias, privilege: 'login' };
}

describeHostExecutor('over a private sshd', async () => {
  const folder = createBedFolder('remote');
  const host = await createSshExecutor(toOptions(sshd.port));
  return {
    host,
    folder: folder.path,
    close: async () => {
      await host.close();
      folder.remove();
    },
  };
});

async function withRelay(act: (host: HostExecutor, relay: TcpRelay, folder: string) => Promise<void>): Promise<void> {
  const folder = createBedFolder('cut');
  const relay = await startTcpRelay({ port: sshd.port });
  const host = await createSshExecutor(toOptions(relay.port));
  try {
    await act(host, relay, folder.path);
  } finally {
    await host.close();
    await relay.stop();
    folder.remove();
  }
}

test('a link that is cut at ten points of a run repeats no command and loses none', { timeout: 300_000 }, async () => {
  await withRelay(async (host, relay, folder) => {
    const attributes = { mode: 0o600, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    for (let point = 0; point < 10; point++) {
      const log = `${folder}/log-${point}`;
      // Somewhere in the middle of what follows: in a request, in an answer, between the two.
      relay.cutAfter(point * 40);
      const result = await host.run(
        {
          argv: ['sh', '-c', `cat >> ${log}; echo said; sleep 0.3; exit 9`],
          stdin: Buffer.from('ran\n'),
          timeoutMs: 60_000,
          weight: 'long',
        },
        { signal: never },
      );
      expect(result, `cut ${point}`).toMatchObject({ end: { kind: 'exited', exitCode: 9 }, stdout: 'said\n' });
      expect(readFileSync(log, 'utf8'), `cut ${point}`).toBe('ran\n');
      relay.cutAfter(point * 40);
      await host.files.write(`${folder}/a`, Buffer.from(`content ${point}`), attributes);
      await host.files.rename(`${folder}/a`, `${folder}/b`);
      expect(Buffer.from((await host.files.read(`${folder}/b`)) ?? []).toString()).toBe(`content ${point}`);
    }
    expect(relay.accepted()).toBeGreaterThanOrEqual(10);
    expect(readdirSync(folder).toSorted()).toEqual(['b', ...Array.from({ length: 10 }, (_, point) => `log-${point}`)].toSorted());
  });
});

test('a long command outlives a link that is down for a while, and its output is complete', { timeout: 60_000 }, async () => {
  await withRelay(async (host, relay, folder) => {
    let seen = '';
    const running = host.run(
      {
        argv: ['sh', '-c', `echo run >> ${folder}/runs; for n in 1 2 3 4 5 6 7 8 9 10 11 12; do echo tick $n; sleep 0.25; done`],
        timeoutMs: 30_000,
        weight: 'long',
        onOutput: (chunk) => {
          seen += chunk;
          if (seen.includes('tick 2\n') && relay.accepted() === 1) {
            relay.refuse();
            relay.cut();
            setTimeout(() => relay.resume(), 1_500);
          }
        },
      },
      { signal: never },
    );
    const { end, stdout } = await running;
    expect(end).toEqual({ kind: 'exited', exitCode: 0 });
    expect(stdout).toBe(Array.from({ length: 12 }, (_, index) => `tick ${index + 1}\n`).join(''));
    expect(seen).toBe(stdout);
    expect(readFileSync(`${folder}/runs`, 'utf8')).toBe('run\n');
    expect(relay.accepted()).toBeGreaterThan(1);
  });
});

test('a link that does not come back is told within the time limit, and the host itself ends the command', {
  timeout: 60_000,
}, async () => {
  await withRelay(async (host, relay, folder) => {
    const startedMs = performance.now();
    const running = host.run(
      { argv: ['sh', '-c', `echo $$ > ${folder}/pid; sleep 60`], timeoutMs: 3_000, graceMs: 500 },
      { signal: never },
    );
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    relay.stall();
    expect((await running).end.kind).toBe('lost');
    expect(performance.now() - startedMs).toBeLessThan(3_000 + 500 + 2_000);
    const pid = readFileSync(`${folder}/pid`, 'utf8').trim();
    await expect.poll(() => readState(pid), { timeout: 5_000 }).toMatch(/^$|Z/);
    relay.resume();
  });
});

const readState = (pid: string): string => {
  try {
    return /^State:\s+(\S)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
  } catch {
    return '';
  }
};

test('what is given on standard input is in no argument list of this machine, ever', { timeout: 60_000 }, async () => {
  await withRelay(async (host) => {
    const canary = 'canary-5f0c9a7e';
    const found = new Set<string>();
    let samples = 0;
    const timer = setInterval(() => {
      samples++;
      for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
        for (const file of ['cmdline', 'environ']) {
          try {
            if (readFileSync(`/proc/${pid}/${file}`).includes(canary)) found.add(`${pid}/${file}`);
          } catch {
            // It has ended meanwhile.
          }
        }
      }
    }, 15);
    const attributes = { mode: 0o600, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    const folder = createBedFolder('canary');
    for (let round = 0; round < 5; round++) {
      await host.files.write(`${folder.path}/secret`, Buffer.from(canary), attributes);
      const { stdout } = await host.run(
        { argv: ['sh', '-c', 'cat; sleep 0.2'], stdin: Buffer.from(canary), timeoutMs: 10_000 },
        { signal: never },
      );
      expect(stdout).toBe(canary);
    }
    clearInterval(timer);
    folder.remove();
    expect(samples).toBeGreaterThan(10);
    expect([...found]).toEqual([]);
  });
});

test('a host with another key than the known one is never spoken to', { timeout: 60_000 }, async () => {
  const other = await startSshServer();
  const options = { ...toOptions(other.port), hostKeyAlias: `[127.0.0.1]:${sshd.port}` };
  await expect(createSshExecutor(options)).rejects.toMatchObject({ code: 'HOST_SSH_HOST_KEY', details: { class: 'security' } });
  await expect(createSshExecutor({ ...toOptions(sshd.port), keyPath: other.keyPath })).rejects.toMatchObject({ code: 'HOST_SSH_AUTH' });
  await other.stop();
});

test('a host that is not there is told as such', { timeout: 60_000 }, async () => {
  const relay = await startTcpRelay({ port: sshd.port });
  relay.refuse();
  await expect(createSshExecutor({ ...toOptions(relay.port), openTimeoutMs: 2_000 })).rejects.toMatchObject({
    code: 'HOST_SSH_UNREACHABLE',
  });
  await relay.stop();
});

test('nothing is left at the host when it is closed, except what still runs', { timeout: 60_000 }, async () => {
  const host = await createSshExecutor(toOptions(sshd.port));
  const parent = process.getuid?.() === 0 ? '/run/breakwater-host' : `/tmp/breakwater-host-${process.getuid?.()}`;
  const before = await host.files.list(parent);
  const other = await createSshExecutor(toOptions(sshd.port));
  expect(await host.files.list(parent)).toHaveLength((before?.length ?? 0) + 1);
  await other.run({ argv: ['true'], timeoutMs: 5_000 }, { signal: never });
  await other.close();
  expect(await host.files.list(parent)).toEqual(before);
  await host.close();
});
