import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NetworkEvent } from '@breakwater/host-config';
import { DEFAULT_NETWORK_SETTINGS } from '@breakwater/host-config';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type AptRepository, type AptSuite, startAptRepository } from '../bed/host/apt-repository.ts';
import { type AptRoot, createAptRoot } from '../bed/host/apt-root.ts';
import { type BedFolder, createBedFolder } from '../bed/host/bed-folder.ts';
import type { Fault } from '../bed/host/fault.ts';
import { type GitServer, startGitServer } from '../bed/host/git-server.ts';
import { killInstall } from '../bed/host/kill-install.ts';
import { openNetworkBed } from '../bed/host/network-bed.ts';

let repository: AptRepository;
let git: GitServer;
let root: AptRoot;
let folder: BedFolder;

beforeAll(async () => {
  [repository, git] = await Promise.all([startAptRepository({ slowPostinstSeconds: 2 }), startGitServer()]);
});

afterAll(async () => {
  await Promise.all([repository.stop(), git.stop()]);
});

beforeEach(() => {
  root = createAptRoot({ sources: [repository.sourceLine()] });
  folder = createBedFolder('net');
});

afterEach(() => {
  repository.heal();
  git.heal();
  root.remove();
  folder.remove();
});

/** Takes the fault back once so many attempts have met it. */
const healAfter =
  (failures: number, heal: () => void) =>
  (event: NetworkEvent): void => {
    if (event.kind === 'network.retry-scheduled' && event.attempt === failures) heal();
  };

const PLAIN_MS = [1_000, 2_000];

function expectDelays(delaysMs: readonly number[], failures: number, leastMs = 0): void {
  expect(delaysMs).toHaveLength(failures);
  for (const [index, delayMs] of delaysMs.entries()) {
    const plain = Math.max(leastMs, PLAIN_MS[index] ?? 0);
    expect(delayMs).toBeGreaterThanOrEqual(plain);
    expect(delayMs).toBeLessThanOrEqual(plain * 1.1);
  }
}

const status = (code: number): Fault => ({ kind: 'status', status: code });

const APT_FAULTS: readonly (readonly [name: string, fault: Fault, match: RegExp, leastMs: number])[] = [
  ['a server error 500', status(500), /InRelease/, 0],
  ['a server error 502', status(502), /InRelease/, 0],
  ['a server error 504', status(504), /InRelease/, 0],
  ['a busy server 503', status(503), /InRelease/, 0],
  ['too many requests 429', status(429), /InRelease/, 0],
  ['a reset', { kind: 'reset' }, /InRelease/, 0],
  ['a reset within the body', { kind: 'reset', afterBytes: 200 }, /Packages/, 0],
  ['a closed connection', { kind: 'close' }, /InRelease/, 0],
  ['a truncated list', { kind: 'truncate', afterBytes: 100 }, /Packages/, 0],
  ['no HTTP at all', { kind: 'garbage' }, /InRelease/, 0],
  ['silence', { kind: 'stall' }, /InRelease/, 0],
  ['silence within the body', { kind: 'mid-stall', afterBytes: 100 }, /InRelease/, 0],
  ['a sign-in page', { kind: 'captive-portal' }, /InRelease/, 0],
  ['a mirror in the middle of its update', { kind: 'corrupt', atByte: 40 }, /Packages/, 30_000],
];

describe.each([1, 2])('after %d failures', (failures) => {
  test.each(APT_FAULTS)('apt updates in spite of %s', async (_, fault, match, leastMs) => {
    repository.inject({ fault, match });
    const bed = openNetworkBed({ env: root.env, onEvent: healAfter(failures, () => repository.heal()) });
    const outcome = await bed.network.aptUpdateWithRetry();
    expect(outcome).toMatchObject({ ok: true, attempts: failures + 1, value: { refreshed: true, failedHosts: [] } });
    expectDelays(bed.delaysMs(), failures, leastMs);
  });

  test.each<readonly [string, Fault, RegExp]>([
    ['a server error 500', status(500), /info\/refs/],
    ['a server error 502', status(502), /info\/refs/],
    ['a server error 504', status(504), /upload-pack/],
    ['a busy server 503', status(503), /info\/refs/],
    ['too many requests 429', status(429), /info\/refs/],
    ['a reset', { kind: 'reset' }, /info\/refs/],
    ['a closed connection', { kind: 'close' }, /info\/refs/],
    ['a pack that breaks off', { kind: 'truncate', afterBytes: 400 }, /upload-pack$/],
    ['a corrupt pack', { kind: 'corrupt', atByte: 300 }, /upload-pack$/],
    ['a sign-in page', { kind: 'captive-portal' }, /./],
  ])('git clones in spite of %s', async (_, fault, match) => {
    git.inject({ fault, match });
    const bed = openNetworkBed({ env: {}, onEvent: healAfter(failures, () => git.heal()) });
    const dest = join(folder.path, 'app');
    const outcome = await bed.network.gitCloneResilient({ url: git.repositoryUrl, dest });
    expect(outcome).toMatchObject({ ok: true, attempts: failures + 1, value: { commit: git.commit() } });
    expectDelays(bed.delaysMs(), failures);
    expect(readdirSync(folder.path)).toEqual(['app']);
  });
});

describe('what repeating cannot mend is tried once and counts for nobody', () => {
  test.each<readonly [string, AptSuite]>([
    ['a key that is missing', 'nopubkey'],
    ['a list that has expired', 'expired'],
    ['a list that is not signed', 'unsigned'],
    ['a list that was changed', 'badsig'],
  ])('apt update and %s', async (_, suite) => {
    root.setSources(repository.sourceLine(suite));
    const bed = openNetworkBed({ env: root.env });
    expect(await bed.network.aptUpdateWithRetry()).toMatchObject({ ok: false, reason: 'failed', attempts: 1 });
    expect((await bed.network.getCircuitBreakerStatus())['apt_repository']).toMatchObject({ state: 'closed', failure_count: 0 });
  });

  test.each([
    ['a package that nobody has', 'bed-nonsense', 'apt.pkg.notfound'],
    ['a dependency that nobody has', 'bed-needy', 'apt.unmet'],
    ['a script that fails', 'bed-failpost', 'dpkg.maintscript'],
  ])('apt install and %s', async (_, name, code) => {
    const bed = openNetworkBed({ env: root.env });
    const outcome = await bed.network.aptInstallWithRetry([name]);
    expect(outcome).toMatchObject({ ok: false, reason: 'failed', attempts: 1, explanation: { code } });
    expect((await bed.network.getCircuitBreakerStatus())['apt_repository']).toMatchObject({ state: 'closed', failure_count: 0 });
  });

  test('apt install and a conflict, which removes nothing', async () => {
    const bed = openNetworkBed({ env: root.env });
    expect(await bed.network.aptInstallWithRetry(['bed-hello=1.0'])).toMatchObject({ ok: true });
    const outcome = await bed.network.aptInstallWithRetry(['bed-rival']);
    expect(outcome).toMatchObject({ ok: false, attempts: 1, explanation: { code: 'apt.policy' } });
    expect(root.state('bed-hello')).toBe('1.0');
    const allowed = await bed.network.aptInstallWithRetry(['bed-rival'], { allowRemovals: true });
    expect(allowed).toMatchObject({ ok: true, value: { installed: { 'bed-rival': '1.0' }, removed: ['bed-hello'] } });
    expect(root.state('bed-hello')).not.toBe('1.0');
  });

  test.each<readonly [string, Fault]>([
    ['a repository that is not there', status(404)],
    ['no access', status(403)],
  ])('git clone and %s', async (_, fault) => {
    git.inject({ fault });
    const bed = openNetworkBed({ env: {} });
    const outcome = await bed.network.gitCloneResilient({ url: git.repositoryUrl, dest: join(folder.path, 'app') });
    expect(outcome).toMatchObject({ ok: false, attempts: 1, explanation: { class: 'permanent' } });
    expect(readdirSync(folder.path)).toEqual([]);
  });
});

describe('no success is taken from an exit code', () => {
  test('apt update ends with 0 for a component that is not there', async () => {
    root.setSources(`${repository.sourceLine()} nonsense`);
    const bed = openNetworkBed({ env: root.env });
    expect(await bed.network.aptUpdateWithRetry()).toMatchObject({ ok: false, attempts: 1, explanation: { class: 'permanent' } });
  });

  test('git clone ends with 0 for the sign-in page of a network', async () => {
    git.inject({ fault: { kind: 'captive-portal' } });
    const bed = openNetworkBed({ env: {} });
    const outcome = await bed.network.gitCloneResilient({ url: git.repositoryUrl, dest: join(folder.path, 'app') });
    expect(outcome).toMatchObject({ ok: false, attempts: 3, explanation: { class: 'transient' } });
    expect(existsSync(join(folder.path, 'app'))).toBe(false);
  });
});

describe('offline', () => {
  test('nothing is asked of anybody, and what was downloaded before is installed', async () => {
    const online = openNetworkBed({ env: root.env });
    await online.network.aptUpdateWithRetry();
    await root.aptGet('install', '-y', '--download-only', 'bed-app');
    const asked = [repository.requests.length, git.requests.length];
    const bed = openNetworkBed({ env: root.env, settings: { isOffline: true } });
    expect(await bed.network.aptUpdateWithRetry({ force: true })).toMatchObject({ ok: false, reason: 'offline', attempts: 0 });
    expect(await bed.network.aptInstallWithRetry(['bed-app'])).toMatchObject({ ok: true });
    expect(await bed.network.aptInstallWithRetry(['bed-hello'])).toMatchObject({ ok: false, reason: 'offline', attempts: 0 });
    const dest = join(folder.path, 'app');
    expect(await bed.network.gitCloneResilient({ url: git.repositoryUrl, dest })).toMatchObject({ ok: false, reason: 'offline' });
    expect([repository.requests.length, git.requests.length]).toEqual(asked);
  });
});

describe('an installation', () => {
  test('needs no network when everything is there, and fetches young lists no second time', async () => {
    const bed = openNetworkBed({ env: root.env });
    const outcome = await bed.network.aptInstallWithRetry(['bed-app']);
    expect(outcome).toMatchObject({ ok: true, attempts: 1, value: { installed: { 'bed-app': '1.0', 'bed-lib': '1.0' } } });
    const asked = repository.requests.length;
    expect(await bed.network.aptInstallWithRetry(['bed-app', 'bed-lib'])).toMatchObject({ ok: true, attempts: 0 });
    expect(repository.requests.length).toBe(asked);
    await bed.network.aptInstallWithRetry(['bed-hello=1.0']);
    expect(repository.requests.slice(asked).map(({ path }) => path)).toEqual([`/${repository.poolPath('bed-hello', '1.0')}`]);
    const upgrade = await bed.network.aptInstallWithRetry(['bed-hello=2.0']);
    expect(upgrade).toMatchObject({ ok: true, value: { installed: {}, upgraded: { 'bed-hello': { before: '1.0', after: '2.0' } } } });
  });

  test('fetches new lists when the mirror no longer has what the old ones promise', async () => {
    const other = await startAptRepository();
    try {
      root.setSources(other.sourceLine());
      const bed = openNetworkBed({ env: root.env });
      await bed.network.aptUpdateWithRetry();
      other.withdraw('bed-hello', '2.0');
      const outcome = await bed.network.aptInstallWithRetry(['bed-hello']);
      expect(outcome).toMatchObject({ ok: true, value: { installed: { 'bed-hello': '1.0' } } });
      expect(bed.events.some(({ kind }) => kind === 'network.repaired')).toBe(true);
    } finally {
      await other.stop();
    }
  });

  test('goes on where the transfer of a package broke off', async () => {
    const match = /pool\/bed-large/;
    repository.inject({ fault: { kind: 'truncate', afterBytes: 2_000_000 }, match, times: 1 });
    const bed = openNetworkBed({ env: root.env });
    expect(await bed.network.aptInstallWithRetry(['bed-large'])).toMatchObject({ ok: true, attempts: 2 });
    expect(root.state('bed-large')).toBe('1.0');
  });

  test('keeps a changed configuration file and asks nobody', async () => {
    const bed = openNetworkBed({ env: root.env });
    await bed.network.aptInstallWithRetry(['bed-conf=1.0']);
    const path = join(root.path, 'etc/bed-conf.conf');
    writeFileSync(path, 'level=mine\n');
    expect(await bed.network.aptInstallWithRetry(['bed-conf=2.0'])).toMatchObject({ ok: true });
    expect(readFileSync(path, 'utf8')).toBe('level=mine\n');
  });

  test.each([0.1, 0.5, 1, 1.5])('heals a dpkg that was killed %d s after its script began', async (seconds) => {
    await root.aptGet('update');
    await killInstall(root, seconds * 1_000);
    const bed = openNetworkBed({ env: root.env });
    expect(await bed.network.aptInstallWithRetry(['bed-slowpost', 'bed-app'])).toMatchObject({ ok: true });
    expect([root.state('bed-slowpost'), root.state('bed-app')]).toEqual(['1.0', '1.0']);
  });

  test('asks dpkg only to stop when its time is over, and lets it come to its end', async () => {
    const { timeouts } = DEFAULT_NETWORK_SETTINGS;
    const bed = openNetworkBed({ env: root.env });
    await bed.network.aptUpdateWithRetry();
    const stop = new AbortController();
    const called = openNetworkBed({
      env: root.env,
      settings: { timeouts: { ...timeouts, aptInstallMs: 6_000_000 } },
      parts: { signal: stop.signal },
    });
    const running = called.network.aptInstallWithRetry(['bed-slowpost']);
    const mark = join(root.path, 'tmp/bed-slowpost');
    await expect.poll(() => existsSync(mark), { timeout: 60_000, interval: 20 }).toBe(true);
    stop.abort(new Error('Ctrl-C'));
    await expect(running).rejects.toThrow('Ctrl-C');
    expect(readFileSync(mark, 'utf8')).toBe('done\n');
    expect(root.state('bed-slowpost')).toBe('1.0');
  });
});

describe('locks', () => {
  test.each([
    ['lists', 'var/lib/apt/lists/lock'],
    ['archives', 'var/cache/apt/archives/lock'],
    ['frontend', 'var/lib/dpkg/lock-frontend'],
    ['dpkg', 'var/lib/dpkg/lock'],
  ])('of %s that somebody holds are waited for, the holder named and no attempt used up', async (name, path) => {
    let letGo = (): void => undefined;
    const bed = openNetworkBed({ env: root.env, onEvent: ({ kind }) => void (kind === 'network.lock-waited' && setTimeout(letGo, 1_000)) });
    if (name !== 'lists') await bed.network.aptUpdateWithRetry();
    const holder = await holdLock(join(root.path, path));
    letGo = holder.letGo;
    const outcome = await (name === 'lists' ? bed.network.aptUpdateWithRetry() : bed.network.aptInstallWithRetry(['bed-lib']));
    expect(outcome).toMatchObject({ ok: true, attempts: 1 });
    const waits = bed.events.filter((event) => event.kind === 'network.lock-waited');
    expect(waits[0]?.holder).toMatchObject({ pid: holder.pid, name: 'perl' });
  });
});

describe('one source that is dead', () => {
  test('does not keep the lists of the others from being fetched, and is left out while its breaker is open', async () => {
    const dead = await startAptRepository({ host: '127.0.0.2' });
    try {
      root.setSources(repository.sourceLine(), dead.sourceLine());
      dead.inject({ fault: status(500) });
      const services = { ...DEFAULT_NETWORK_SETTINGS.services, microsoft_packages: { hosts: ['127.0.0.2'] } };
      const bed = openNetworkBed({ env: root.env, settings: { services } });
      const first = await bed.network.aptUpdateWithRetry();
      expect(first).toMatchObject({ ok: true, value: { refreshed: true, failedHosts: ['127.0.0.2'] } });
      const breakers = await bed.network.getCircuitBreakerStatus();
      expect(breakers['apt_repository']).toMatchObject({ state: 'closed', failure_count: 0 });
      expect(breakers['microsoft_packages']).toMatchObject({ state: 'open' });
      const asked = dead.requests.length;
      const second = await bed.network.aptUpdateWithRetry({ force: true });
      expect(second).toMatchObject({ ok: true, attempts: 1, value: { failedHosts: ['127.0.0.2'] } });
      expect(dead.requests.length).toBe(asked);
      expect(await bed.network.aptInstallWithRetry(['bed-app'])).toMatchObject({ ok: true });
    } finally {
      await dead.stop();
    }
  });
});

describe('a clone', () => {
  test('of a pinned commit is that commit, and another branch is that branch', async () => {
    const pinned = git.commit();
    git.push({ 'later.txt': 'later\n' });
    const bed = openNetworkBed({ env: {} });
    const one = await bed.network.gitCloneResilient({ url: git.repositoryUrl, dest: join(folder.path, 'one'), commit: pinned });
    expect(one).toMatchObject({ ok: true, value: { commit: pinned } });
    expect(existsSync(join(folder.path, 'one/later.txt'))).toBe(false);
    const two = await bed.network.gitCloneResilient({ url: git.repositoryUrl, dest: join(folder.path, 'two'), branch: 'next' });
    expect(two).toMatchObject({ ok: true });
    expect(existsSync(join(folder.path, 'two/src/new.txt'))).toBe(true);
  });

  test('clears away what a killed one left, and touches nothing that is there', async () => {
    mkdirSync(join(folder.path, '.app.clone-old/.git'), { recursive: true });
    mkdirSync(join(folder.path, 'full/inside'), { recursive: true });
    const bed = openNetworkBed({ env: {} });
    const outcome = await bed.network.gitCloneResilient({ url: git.repositoryUrl, dest: join(folder.path, 'app') });
    expect(outcome).toMatchObject({ ok: true });
    const refused = await bed.network.gitCloneResilient({ url: git.repositoryUrl, dest: join(folder.path, 'full') });
    expect(refused).toMatchObject({ ok: false, attempts: 0, explanation: { class: 'local', code: 'git.target' } });
    expect(readdirSync(folder.path).toSorted()).toEqual(['app', 'full']);
  });
});

const HOLD = `use Fcntl; $| = 1; open(my $f, '+>>', $ARGV[0]) or die $!;
my $lock = pack('s s x4 q q i x4', F_WRLCK, 0, 0, 0, 0);
fcntl($f, F_SETLK, $lock) or die $!; print "held\\n"; sleep 90;`;

/** apt takes POSIX locks, which Node has not. */
async function holdLock(path: string): Promise<{ readonly pid: number; readonly letGo: () => void }> {
  const child = spawn('perl', ['-e', HOLD, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve());
    child.once('exit', (code) => reject(new Error(`perl ended with ${code}`)));
  });
  return { pid: child.pid ?? 0, letGo: () => child.kill('SIGKILL') };
}
