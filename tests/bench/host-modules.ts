import { createHash, generateKeyPairSync } from 'node:crypto';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  BUILT_IN_MODULES,
  BUILT_IN_PROFILES,
  createNetworkOperations,
  type DownloadDoor,
  type HostExecutor,
  type NetworkEvent,
  orderModules,
  type PlannableModule,
  readHostFacts,
  toPlannableModule,
} from '@breakwater/host-config';
import { applyOn, type HostModuleBed, MemoryRun, planOn, rollBackOn } from '@breakwater/host-config/testing';
import { createLocalExecutor } from '@breakwater/local-host';
import { createSshExecutor } from '@breakwater/ssh';
import { createBedFolder } from '../bed/host/bed-folder.ts';
import { createDebianTree } from '../bed/host/debian-tree.ts';
import { runTool } from '../bed/host/run-tool.ts';
import { startSshServer } from '../bed/host/ssh-server.ts';
import type { Bench, BenchOptions, BenchRow } from './row.ts';
import { findDifferences, readPeople, readTree } from './support/read-tree.ts';

const SECOND_APPLY_GOAL_MS = 2_000;
const ARCHIVE_URL = 'https://nodejs.org/dist/v24.0.0/node-v24.0.0-linux-x64.tar.gz';
const PROGRAM = '#!/bin/sh\necho tool\n';

type Configs = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Real apt, dpkg, useradd, visudo, sshd, nft, git and tar in a Debian of its own. What comes by HTTP is served by the bench. */
export const bench: Bench = {
  name: 'host-modules',
  summary: 'apply, second apply and rollback of the modules of the host configurator on a real Debian (root, Debian mirrors)',
  async run(options) {
    const rows: BenchRow[] = [];
    const server = BUILT_IN_PROFILES.find(({ name }) => name === 'server')?.modules ?? [];
    const all = BUILT_IN_MODULES.map(({ name }) => name);
    for (const [title, names] of [
      ['profile server', server],
      ['all twelve modules', all],
    ] as const) {
      rows.push(...(await measure(title, { ...options, names })));
    }
    return rows;
  },
};

async function measure(title: string, { log, names }: BenchOptions & { readonly names: readonly string[] }): Promise<readonly BenchRow[]> {
  const tree = await createDebianTree();
  const folder = createBedFolder('modules');
  try {
    // Names are looked up from within the tree; every host has the other file, and packages make it where it is missing.
    copyFileSync('/etc/resolv.conf', join(tree.path, 'etc/resolv.conf'));
    copyFileSync('/etc/hosts', join(tree.path, 'etc/hosts'));
    const bed = await openBed(createLocalExecutor({ root: tree.path }), folder.path);
    const { files, configs } = prepareFiles(tree.path, folder.path);
    bed.files.push(...files);
    const { modules } = orderModules(BUILT_IN_MODULES, { wanted: names, skipped: [] });
    const ready = modules.map((module) => toPlannableModule(module, module.schema.parse(configs[module.name] ?? {}), bed.facts));
    const before = look(tree.path);
    const plan = await planOn(bed, ready);
    const written = findDifferences(before.tree, look(tree.path).tree);
    const outcomes = plan.modules.flatMap(({ steps }) => steps);
    const said = outcomes.flatMap(({ id, outcome }) => (outcome.kind === 'change' ? [id] : []));
    const run = new MemoryRun();
    const first = await applyOn(bed, { modules: ready, run });
    for (const { result, stepId } of first.steps)
      if (result.kind !== 'changed' && result.kind !== 'unchanged') log(`${stepId}: ${JSON.stringify(result)}`);
    const done = first.steps.flatMap(({ result, stepId }) => (result.kind === 'changed' ? [stepId] : []));
    const unsaid = done.filter((id) => !said.includes(id));
    const [asked, startedAt] = [bed.countRequests(), performance.now()];
    const second = await applyOn(bed, { modules: ready, run: new MemoryRun() });
    const tookMs = Math.round(performance.now() - startedAt);
    const again = second.steps.filter(({ result }) => result.kind !== 'unchanged');
    const requests = bed.countRequests() - asked;
    const far = await measureFar({ root: tree.path, folder: folder.path, modules: ready });
    const { failed, undone } = await rollBackOn(bed, run);
    for (const { text, title: what } of failed) log(`${what}: ${text}`);
    const after = look(tree.path);
    const left = findDifferences(before.tree, after.tree);
    log(`${title}: ${done.length} steps changed something, ${undone.length} changes taken back`);
    if (left.length > 0) log(`left: ${left.join(' ')}`);
    return [
      toRow(`${title}: plan writes`, { value: written.length, unit: 'paths' }),
      toRow(`${title}: steps not done`, {
        value: first.steps.length - first.steps.filter(({ result }) => result.kind === 'changed' || result.kind === 'unchanged').length,
        unit: 'steps',
      }),
      toRow(`${title}: changes that the plan had not said`, { value: unsaid.length, unit: 'steps' }),
      toRow(`${title}: changes of a second apply`, { value: again.length, unit: 'steps' }),
      toRow(`${title}: network operations of a second apply`, { value: requests, unit: 'operations' }),
      toTimeRow(`${title}: second apply`, tookMs),
      toTimeRow(`${title}: second apply over SSH`, far.tookMs),
      toRow(`${title}: changes of a second apply over SSH`, { value: far.changes, unit: 'steps' }),
      toRow(`${title}: paths that differ after the rollback`, { value: left.length + failed.length, unit: 'paths' }),
      toRow(`${title}: packages and people that differ after the rollback`, { value: countOthers(before, after), unit: 'lines' }),
    ];
  } finally {
    folder.remove();
    tree.remove();
  }
}

/** The same steps once more, by a session whose root is the tree. */
async function measureFar(order: {
  readonly root: string;
  readonly folder: string;
  readonly modules: readonly PlannableModule[];
}): Promise<{ readonly tookMs: number; readonly changes: number }> {
  const enter = `mount -t proc proc ${order.root}/proc && exec chroot ${order.root} /bin/sh`;
  const server = await startSshServer({ config: [`ForceCommand exec unshare --mount sh -c '${enter}'`] });
  const { host: address, keyPath, knownHostsPath, port, user } = server;
  const host = await createSshExecutor({ host: address, hostId: 'local', port, user, keyPath, knownHostsPath });
  try {
    const bed = await openBed(host, order.folder);
    const startedAt = performance.now();
    const { steps } = await applyOn(bed, { modules: order.modules, run: new MemoryRun() });
    const tookMs = Math.round(performance.now() - startedAt);
    return { tookMs, changes: steps.filter(({ result }) => result.kind !== 'unchanged').length };
  } finally {
    await host.close();
    await server.stop();
  }
}

const toTimeRow = (name: string, tookMs: number): BenchRow => ({
  name,
  value: tookMs,
  unit: 'ms',
  peer: null,
  ratio: null,
  goal: `< ${SECOND_APPLY_GOAL_MS} ms`,
  ok: tookMs < SECOND_APPLY_GOAL_MS,
});

const toRow = (name: string, { unit, value }: { readonly value: number; readonly unit: string }): BenchRow => ({
  name,
  value,
  unit,
  peer: null,
  ratio: null,
  goal: '0',
  ok: value === 0,
});

interface Look {
  readonly tree: ReadonlyMap<string, string>;
  readonly packages: readonly string[];
  readonly people: readonly string[];
}

function look(root: string): Look {
  const packages = runTool(['dpkg-query', `--admindir=${root}/var/lib/dpkg`, '-W']).split('\n');
  return { tree: readTree(root), packages, people: readPeople(root) };
}

const countOthers = (before: Look, after: Look): number =>
  (['packages', 'people'] as const).flatMap((key) => [
    ...before[key].filter((line) => !after[key].includes(line)),
    ...after[key].filter((line) => !before[key].includes(line)),
  ]).length;

interface ServedFile {
  readonly url: string;
  readonly content: Buffer;
}

async function openBed(host: HostExecutor, cacheFolder: string): Promise<HostModuleBed & { readonly files: ServedFile[] }> {
  const files: ServedFile[] = [];
  const events: NetworkEvent[] = [];
  const downloads = createServedDownloads(files);
  const network = createNetworkOperations({ host, downloads, cacheFolder, onEvent: (event) => void events.push(event) });
  const facts = await readHostFacts(host, { signal: new AbortController().signal });
  return {
    host,
    network,
    facts,
    files,
    snapshot: () => Promise.reject(new Error('The bench looks at the tree itself.')),
    countRequests: () => events.filter(({ kind }) => kind === 'network.attempted').length,
  };
}

function createServedDownloads(files: readonly ServedFile[]): DownloadDoor {
  return {
    fetch({ path, url }) {
      const content = files.find((file) => file.url === url)?.content;
      if (content === undefined) return Promise.reject(new Error(`The bench does not serve ${url}.`));
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
      const sha256 = createHash('sha256').update(content).digest('hex');
      return Promise.resolve({ path, sha256, sizeBytes: content.length, transferredBytes: content.length });
    },
    find: () => Promise.resolve(null),
    probe: () => Promise.reject(new Error('Nothing of this bench asks for health.')),
  };
}

const hash = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

/** What the modules bring in, and a configuration for each that uses what it can. */
function prepareFiles(root: string, folder: string): { readonly files: readonly ServedFile[]; readonly configs: Configs } {
  const program = Buffer.from(PROGRAM);
  mkdirSync(join(folder, 'node/bin'), { recursive: true });
  writeFileSync(join(folder, 'node/bin/node'), PROGRAM, { mode: 0o755 });
  runTool(['tar', '-czf', join(folder, 'node.tar.gz'), '-C', folder, 'node']);
  const archive = Buffer.from(runTool(['base64', join(folder, 'node.tar.gz')]), 'base64');
  const repository = join(root, 'srv/repository');
  runTool(['git', 'init', '-q', '-b', 'main', repository]);
  writeFileSync(join(repository, 'README'), 'hello\n');
  runTool(['git', '-C', repository, 'add', '.']);
  runTool(['git', '-C', repository, '-c', 'user.name=bench', '-c', 'user.email=bench@example.org', 'commit', '-qm', 'One']);
  const commit = runTool(['git', '-C', repository, 'rev-parse', 'HEAD']).trim();
  const configs: Configs = {
    system_base: { hostname: 'web.example.org', timezone: 'Europe/Berlin', locale: 'de_DE.UTF-8', swap_size_gb: 0.02 },
    time_sync: { servers: ['ntp.example.org'] },
    apt_sources: { mirrors: ['http://deb.debian.org/debian'], components: ['main'] },
    packages: { essentials: false, install: ['jq', { name: 'less', hold: true }] },
    users_ssh: { users: [{ name: 'anna', admin: true, passwordless_sudo: true, groups: ['deploy'], keys: [createKey()] }] },
    ssh_hardening: { port: 2222 },
    firewall: { ssh_ports: [22, 2222], allow: [{ port: 443 }, { port: '8000-8010', from: ['10.0.0.0/8', '2001:db8::/32'] }] },
    docker: { source: 'debian', users: ['anna'] },
    nodejs: { source: 'tarball', version: '24.0.0', sha256: { amd64: hash(archive) } },
    git_checkouts: { checkouts: [{ url: 'file:///srv/repository', path: '/opt/app', commit, owner: 'anna' }] },
    downloads: { files: [{ urls: ['https://example.org/tool'], path: '/usr/local/bin/tool', sha256: hash(program) }] },
  };
  return {
    files: [
      { url: ARCHIVE_URL, content: archive },
      { url: 'https://example.org/tool', content: program },
    ],
    configs,
  };
}

/** A fresh key in the form of OpenSSH (RFC 8709); its private half is thrown away. */
function createKey(): string {
  const { publicKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  const field = (content: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(content.length);
    return Buffer.concat([length, content]);
  };
  return `ssh-ed25519 ${Buffer.concat([field(Buffer.from('ssh-ed25519')), field(raw)]).toString('base64')} bench`;
}
