import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createNetworkOperations, DEFAULT_NETWORK_SETTINGS, type HostExecutor, type NetworkOperations } from '@breakwater/host-config';
import { createDownloadDoor, createLocalExecutor } from '@breakwater/local-host';
import { createSshExecutor } from '@breakwater/ssh';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AptRepository, startAptRepository } from '../bed/host/apt-repository.ts';
import { type AptRoot, createAptRoot } from '../bed/host/apt-root.ts';
import { type BedFolder, createBedFolder } from '../bed/host/bed-folder.ts';
import { type GitServer, startGitServer } from '../bed/host/git-server.ts';
import { type SshServer, startSshServer } from '../bed/host/ssh-server.ts';

const LIMIT_MS = 2_000;
/** What ends with the limit may take this long to end. */
const MARGIN_MS = 2_000;

let repository: AptRepository;
let git: GitServer;
let root: AptRoot;
let folder: BedFolder;
let sshd: SshServer;

beforeAll(async () => {
  [repository, git, sshd] = await Promise.all([startAptRepository(), startGitServer(), startSshServer()]);
  root = createAptRoot({ sources: [repository.sourceLine()] });
  folder = createBedFolder('limits');
  await root.aptGet('update');
  repository.inject({ fault: { kind: 'mid-stall', afterBytes: 100 }, match: /pool/ }, { fault: { kind: 'stall' } });
  git.inject({ fault: { kind: 'stall' } });
});

afterAll(async () => {
  await Promise.all([repository.stop(), git.stop(), sshd.stop()]);
  root.remove();
  folder.remove();
});

function open(host: HostExecutor): NetworkOperations {
  const { timeouts } = DEFAULT_NETWORK_SETTINGS;
  // Nothing but the limit of the whole operation ends what hangs.
  const limits = { aptUpdateMs: LIMIT_MS, aptInstallMs: LIMIT_MS, gitCloneMs: LIMIT_MS, downloadMs: LIMIT_MS, inactivityMs: 60_000 };
  return createNetworkOperations({
    host: { ...host, run: (command, context) => host.run({ ...command, env: { ...command.env, ...root.env } }, context) },
    downloads: createDownloadDoor(),
    cacheFolder: join(folder.path, 'cache'),
    settings: { ...DEFAULT_NETWORK_SETTINGS, timeouts: { ...timeouts, ...limits } },
  });
}

async function openFar(): Promise<HostExecutor> {
  const { host, keyPath, knownHostsPath, port, user } = sshd;
  return await createSshExecutor({ host, hostId: 'far', port, user, keyPath, knownHostsPath, privilege: 'login' });
}

/** Those whose arguments or environment speak of this bed: what was started by an operation and lives on. */
function findSurvivors(): readonly string[] {
  const words = [root.path, folder.path, git.repositoryUrl];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const isDead = /^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
        const text = ['cmdline', 'environ'].map((file) => readFileSync(`/proc/${pid}/${file}`, 'latin1')).join('\0');
        return !isDead && words.some((word) => text.includes(word)) ? [`${pid} ${text.split('\0').slice(0, 4).join(' ')}`] : [];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });
}

const OPERATIONS: Readonly<Record<string, (network: NetworkOperations, name: string) => Promise<unknown>>> = {
  'apt update': (network) => network.aptUpdateWithRetry({ force: true }),
  'the download phase of apt install': (network) => network.aptInstallWithRetry(['bed-large'], { updateCache: false }),
  'git clone': (network, name) => network.gitCloneResilient({ url: git.repositoryUrl, dest: join(folder.path, `app-${name}`) }),
  'a download': (network, name) =>
    network.downloadWithRetry({
      urls: [`${new URL(git.repositoryUrl).origin}/file`],
      dest: join(folder.path, `file-${name}`),
      sha256: 'a'.repeat(64),
    }),
};

describe.each([
  ['here', () => Promise.resolve(createLocalExecutor())],
  ['over SSH', openFar],
] as const)('%s', (name, openHost) => {
  let host: HostExecutor;
  beforeAll(async () => {
    host = await openHost();
  });
  afterAll(() => host.close());

  test.each(Object.entries(OPERATIONS))('%s that hangs ends with its limit, and nothing of it lives on', async (_, operate) => {
    const network = open(host);
    // What is asked of apt once is not part of the operation.
    await network.getCircuitBreakerStatus();
    const startedMs = performance.now();
    const outcome = await operate(network, name.replace(' ', '-'));
    const tookMs = performance.now() - startedMs;
    expect(outcome).toMatchObject({ ok: false });
    expect(tookMs).toBeGreaterThan(LIMIT_MS * 0.9);
    expect(tookMs).toBeLessThan(LIMIT_MS + MARGIN_MS);
    await expect.poll(findSurvivors, { timeout: 1_000 }).toEqual([]);
  });

  test('a command that hangs, with a child, ends with its limit', async () => {
    const startedMs = performance.now();
    const argv = ['sh', '-c', `sleep 300 & echo ${folder.path}; wait`] as const;
    const { end } = await host.run({ argv: [...argv], timeoutMs: LIMIT_MS, graceMs: 500 }, { signal: new AbortController().signal });
    expect(end.kind).toBe('timed-out');
    expect(performance.now() - startedMs).toBeLessThan(LIMIT_MS + MARGIN_MS);
    await expect.poll(findSurvivors, { timeout: 1_000 }).toEqual([]);
  });
});
