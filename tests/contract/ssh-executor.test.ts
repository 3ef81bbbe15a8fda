import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostExecutor } from '@breakwater/host-config';
import { describeHostExecutor } from '@breakwater/host-config/testing';
import { createSshExecutor, type SshExecutorOptions } from '@breakwater/ssh';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBedFolder } from '../bed/host/bed-folder.ts';
import { runTool } from '../bed/host/run-tool.ts';
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

test('what only reads is asked again when the link is cut', { timeout: 120_000 }, async () => {
  await withRelay(async (host, relay, folder) => {
    const attributes = { mode: 0o600, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    await host.files.write(`${folder}/file`, Buffer.from('content'), attributes);
    for (const bytes of [0, 20, 60]) {
      const accepted = relay.accepted();
      relay.cutAfter(bytes);
      const glance = await host.run(
        { argv: ['sh', '-c', `echo asked >>${folder}/asked; cat ${folder}/file`], timeoutMs: 30_000, weight: 'glance' },
        { signal: never },
      );
      expect(glance, `cut after ${bytes}`).toMatchObject({ end: { kind: 'exited', exitCode: 0 }, stdout: 'content' });
      await host.files.stat(`${folder}/file`);
      expect(await host.files.list(folder)).toContain('file');
      expect(relay.accepted(), `cut after ${bytes}`).toBeGreaterThan(accepted);
    }
    // It was asked more often than three times, which is why only what reads may be asked so.
    expect(readFileSync(`${folder}/asked`, 'utf8').split('\n').length - 1).toBeGreaterThan(3);
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
  await expect(createSshExecutor({ ...toOptions(relay.port), openTimeoutMs: 6_000 })).rejects.toMatchObject({
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

test('a key that only an agent holds lets in, and without the agent nobody is let in', { timeout: 60_000 }, async () => {
  const folder = createBedFolder('agent');
  const agentSocket = join(folder.path, 'socket');
  const agent = spawn('ssh-agent', ['-D', '-a', agentSocket], { stdio: 'ignore' });
  const { keyPath, ...options } = toOptions(sshd.port);
  try {
    await expect.poll(() => existsSync(agentSocket), { timeout: 10_000 }).toBe(true);
    await expect(createSshExecutor({ ...options, agentSocket })).rejects.toMatchObject({ code: 'HOST_SSH_AUTH' });
    runTool(['ssh-add', '-q', keyPath ?? ''], { env: { SSH_AUTH_SOCK: agentSocket } });
    const host = await createSshExecutor({ ...options, agentSocket });
    expect((await host.run({ argv: ['echo', 'in'], timeoutMs: 10_000 }, { signal: never })).stdout).toBe('in\n');
    // The agent stays here: a host that has been broken into must not be able to use it.
    expect((await host.run({ argv: ['printenv', 'SSH_AUTH_SOCK'], timeoutMs: 10_000 }, { signal: never })).stdout).toBe('');
    await host.close();
  } finally {
    await end(agent);
    folder.remove();
  }
  await expect(createSshExecutor({ ...options, agentSocket })).rejects.toMatchObject({ code: 'HOST_SSH_AUTH' });
});

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill();
  });
}

/** A server whose sessions belong to a user who is not root, with a `sudo` of ours, or none, in front of all other programs. */
async function withUser(sudo: string | null, act: (options: SshExecutorOptions, folder: string) => Promise<void>): Promise<void> {
  const folder = createBedFolder('sudo');
  const bin = join(folder.path, 'bin');
  mkdirSync(bin);
  chmodSync(folder.path, 0o755);
  for (const name of readdirSync('/usr/bin')) if (name !== 'sudo') symlinkSync(`/usr/bin/${name}`, join(bin, name));
  if (sudo !== null) writeFileSync(join(bin, 'sudo'), `#!/bin/sh\n${sudo}\n`, { mode: 0o755 });
  const become = process.getuid?.() === 0 ? 'setpriv --reuid=65534 --regid=65534 --clear-groups ' : '';
  const server = await startSshServer({ config: [`ForceCommand exec ${become}env PATH=${bin} HOME=/tmp sh`] });
  try {
    const { keyPath, knownHostsPath, port, user } = server;
    await act({ host: '127.0.0.1', hostId: 'bed', port, user, keyPath, knownHostsPath }, folder.path);
  } finally {
    await server.stop();
    folder.remove();
  }
}

test('who is not root becomes root by sudo that asks for nothing, and else is told at once', { timeout: 60_000 }, async () => {
  await withUser(null, async (options) => {
    await expect(createSshExecutor(options)).rejects.toMatchObject({ code: 'HOST_SSH_SUDO_NEEDED', details: { reason: 'no-sudo' } });
    const host = await createSshExecutor({ ...options, privilege: 'login' });
    const { stdout } = await host.run({ argv: ['id', '-u'], timeoutMs: 10_000 }, { signal: never });
    expect(stdout.trim()).not.toBe('0');
    await host.close();
  });
  await withUser('echo "sudo: a password is required" >&2; exit 1', async (options) => {
    await expect(createSshExecutor(options)).rejects.toMatchObject({ code: 'HOST_SSH_SUDO_NEEDED', details: { reason: 'sudo-asks' } });
  });
  // It cannot make anybody root, but notes what it was asked for.
  await withUser(`printf "%s\\n" "$1" >>"${'$'}{0%/bin/sudo}/log/asked"; [ "$1" = -n ] && shift; exec "$@"`, async (options, folder) => {
    mkdirSync(join(folder, 'log'));
    chmodSync(join(folder, 'log'), 0o777);
    const host = await createSshExecutor(options);
    expect((await host.run({ argv: ['echo', 'by sudo'], timeoutMs: 10_000 }, { signal: never })).stdout).toBe('by sudo\n');
    await host.close();
    // Once to look whether it would ask, once for the whole session: never for single commands.
    expect(readFileSync(join(folder, 'log/asked'), 'utf8')).toBe('-n\n-n\n');
  });
});
