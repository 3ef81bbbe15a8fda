import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type AptRepository, startAptRepository } from '../bed/host/apt-repository.ts';
import { type BedFolder, createBedFolder } from '../bed/host/bed-folder.ts';
import { type FaultyServer, startFaultyServer } from '../bed/host/faulty-server.ts';
import { type GitServer, startGitServer } from '../bed/host/git-server.ts';
import { serveBytes } from '../bed/host/serve-files.ts';
import { createSmallTree, type SmallTree } from '../bed/host/small-tree.ts';

const main = join(import.meta.dirname, '../../apps/host-config/src/main.ts');
const tool = randomBytes(300_000);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

let apt: AptRepository;
let git: GitServer;
let web: FaultyServer;
let folder: BedFolder;
let fresh: SmallTree;
let bundle = '';
let config = '';

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(args: readonly string[]): Promise<Ran> {
  const child = spawn(process.execPath, ['--conditions=@breakwater/source', '--disable-warning=ExperimentalWarning', main, ...args], {
    cwd: folder.path,
    env: { PATH: process.env['PATH'], HOME: folder.path },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) child[stream].on('data', (chunk: Buffer) => (printed[stream] += chunk.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...printed })));
}

const records = ({ stdout }: Ran): readonly Readonly<Record<string, unknown>>[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** apt's and dpkg's own bookkeeping: lists, logs, caches, copies of the database. */
const BOOKKEEPING = /^\/(?:var\/lib\/apt|var\/lib\/dpkg|var\/log|var\/cache|dev)(?:\/|$)/;

/** Each path with what must be the same after a rollback. */
function snapshot(root: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  const visit = (path: string): void => {
    if (BOOKKEEPING.test(path)) return;
    const facts = lstatSync(join(root, path));
    const content = facts.isFile() ? sha256(readFileSync(join(root, path))) : facts.isSymbolicLink() ? readlinkSync(join(root, path)) : '';
    found[path] = `${facts.mode.toString(8)} ${facts.uid}:${facts.gid} ${facts.isFile() ? Math.floor(facts.mtimeMs) : ''} ${content}`;
    if (facts.isDirectory()) for (const name of readdirSync(join(root, path))) visit(`${path === '/' ? '' : path}/${name}`);
  };
  visit('/');
  return found;
}

const packagesOf = (root: string): readonly string[] =>
  readFileSync(join(root, 'var/lib/dpkg/status'), 'utf8')
    .split('\n\n')
    .filter((stanza) => stanza.includes('Status: install ok installed'))
    .map((stanza) => /^Package: (.*)$/m.exec(stanza)?.[1] ?? '')
    .toSorted();

const requests = (): number => apt.requests.length + git.requests.length + web.requests.length;
const at = (tree: BedFolder): readonly string[] => ['--root', tree.path, '--state-dir', join(folder.path, 'state')];

beforeAll(async () => {
  folder = createBedFolder('bundle');
  fresh = createSmallTree({ installed: ['git', 'ca-certificates'] });
  const files = new Map<string, Uint8Array>([['/tool', tool]]);
  [apt, git, web] = await Promise.all([startAptRepository(), startGitServer(), startFaultyServer({ answer: serveBytes(files) })]);
  files.set('/key.gpg', readFileSync(apt.keyPath));
  config = join(folder.path, 'host.yaml');
  writeFileSync(
    config,
    JSON.stringify({
      modules: {
        enabled: ['apt_sources', 'packages', 'downloads', 'git_checkouts'],
        system_base: { kernel_tuning: false },
        apt_sources: {
          repositories: [{ name: 'bed', uri: apt.url, suite: 'stable', key_url: `${web.url}/key.gpg`, fingerprints: [apt.fingerprint] }],
        },
        packages: { essentials: false, install: ['bed-app', 'bed-conf'] },
        downloads: {
          files: [
            { urls: [`${web.url}/tool`], path: '/usr/local/bin/tool', sha256: sha256(tool) },
            { urls: [`${web.url}/gone`], path: '/usr/local/bin/gone', sha256: sha256(Buffer.from('gone')), optional: true },
          ],
        },
        git_checkouts: { checkouts: [{ url: git.repositoryUrl, path: '/opt/app', commit: git.commit() }] },
      },
    }),
  );
  bundle = join(folder.path, 'host.bundle');
});

afterAll(async () => {
  await Promise.all([apt.stop(), git.stop(), web.stop()]);
  fresh.remove();
  folder.remove();
});

let tree: BedFolder;
beforeEach(() => {
  tree = fresh.copy();
});
afterEach(() => tree.remove());

describe('a bundle', () => {
  test('is gathered from real servers, and the host that is planned for stays as it is', async () => {
    const before = snapshot(tree.path);
    const created = await run(['bundle', 'create', '-o', bundle, '--config', config, '--json', ...at(tree)]);
    expect(created.code, created.stdout + created.stderr).toBe(3);
    const { contents, sha256: whole } = records(created).at(-1) as {
      sha256: string;
      contents: Record<'packages' | 'lists' | 'downloads' | 'checkouts' | 'missing', readonly Record<string, unknown>[]>;
    };
    expect(whole).toBe(sha256(readFileSync(bundle)));
    expect(contents.packages.map(({ name, version }) => `${String(name)} ${String(version)}`).toSorted()).toEqual([
      'bed-app 1.0',
      'bed-conf 2.0',
      'bed-lib 1.0',
    ]);
    expect(contents.lists.some(({ name }) => String(name).endsWith('_dists_stable_InRelease'))).toBe(true);
    expect(contents.downloads.map(({ urls }) => urls)).toEqual(expect.arrayContaining([[`${web.url}/tool`], [`${web.url}/key.gpg`]]));
    expect(contents.checkouts).toMatchObject([{ url: git.repositoryUrl, commit: git.commit() }]);
    expect(contents.missing).toMatchObject([{ what: `${web.url}/gone` }]);
    expect(snapshot(tree.path)).toEqual(before);
    expect(readdirSync(folder.path).filter((name) => name.startsWith('.'))).toEqual([]);
    const shown = await run(['bundle', 'show', bundle]);
    expect(shown.code, shown.stderr).toBe(0);
    expect(shown.stdout).toContain('bed-lib');
  });

  test('sets a fresh host up without one request, changes nothing the second time, and is taken back whole', async () => {
    const before = snapshot(tree.path);
    const packages = packagesOf(tree.path);
    const asked = requests();
    const apply = [
      'bundle',
      'apply',
      bundle,
      '--bundle-sha256',
      sha256(readFileSync(bundle)),
      '--config',
      config,
      '--yes',
      '--json',
      ...at(tree),
    ];
    const applied = await run(apply);
    // What is optional and not in it is left out.
    expect(applied.code, applied.stdout + applied.stderr).toBe(3);
    expect(applied.stderr).toContain(`${web.url}/gone`);
    expect(packagesOf(tree.path)).toEqual([...packages, 'bed-app', 'bed-conf', 'bed-lib'].toSorted());
    expect(readFileSync(join(tree.path, 'usr/share/bed-lib/version'), 'utf8')).toBe('1.0\n');
    expect(sha256(readFileSync(join(tree.path, 'usr/local/bin/tool')))).toBe(sha256(tool));
    expect(readFileSync(join(tree.path, 'opt/app/README.md'), 'utf8')).toBe('# App\n');
    expect(readFileSync(join(tree.path, 'opt/app/.git/HEAD'), 'utf8').trim()).toBe(git.commit());
    expect(readdirSync(join(tree.path, 'var/lib/apt/lists')).some((name) => name.endsWith('_dists_stable_InRelease'))).toBe(true);
    expect(readdirSync(join(tree.path, 'var/tmp'))).toEqual([]);
    expect(readdirSync(join(folder.path, 'state/bundles'))).toEqual([]);
    const again = await run(apply);
    const summary = records(again).filter(({ kind }) => kind === 'step.ended') as unknown as { report: { result: { kind: string } } }[];
    expect(summary.filter(({ report }) => report.result.kind === 'changed')).toEqual([]);
    for (let left = 2; left > 0; left--) {
      const back = await run(['rollback', '--yes', ...at(tree)]);
      expect(back.code, back.stdout + back.stderr).toBe(0);
    }
    expect(requests()).toBe(asked);
    expect(packagesOf(tree.path)).toEqual(packages);
    expect(snapshot(tree.path)).toEqual(before);
  });

  test('is refused before anything changes when one byte of any part is another', async () => {
    const before = snapshot(tree.path);
    const bytes = readFileSync(bundle);
    const manifest = records(await run(['bundle', 'show', bundle, '--json']))[0]?.['contents'] as Record<
      string,
      readonly { sha256: string }[]
    >;
    const damaged = join(folder.path, 'damaged.bundle');
    for (const kind of ['packages', 'lists', 'downloads', 'checkouts']) {
      const at512 = bytes.indexOf(`blobs/${manifest[kind]?.[0]?.sha256}`) + 512;
      const copy = Buffer.from(bytes);
      copy[at512 + 20] = (copy[at512 + 20] ?? 0) ^ 1;
      writeFileSync(damaged, copy);
      const refused = await run(['bundle', 'apply', damaged, '--config', config, '--yes', ...at(tree)]);
      expect(refused.code, kind + refused.stderr).toBe(5);
      expect(refused.stderr).toContain('HOST_PREFLIGHT_BUNDLE_DAMAGED');
    }
    expect(snapshot(tree.path)).toEqual(before);
  });

  test('is refused when something that is needed is not in it, and names it', async () => {
    const before = snapshot(tree.path);
    const more = ['--set', 'modules.packages.install=[bed-app,bed-hello]', '--yes', ...at(tree)];
    const refused = await run(['bundle', 'apply', bundle, '--config', config, ...more]);
    expect(refused.code, refused.stderr).toBe(5);
    expect(refused.stderr).toContain('package bed-hello');
    expect(snapshot(tree.path)).toEqual(before);
    expect(existsSync(join(tree.path, 'var/lib/dpkg/info/bed-app.list'))).toBe(false);
  });
});
