import { describe, expect, test } from 'vitest';
import { orderModules } from '../plan/order-modules.ts';
import { toPlannableModule } from '../plan/plannable-module.ts';
import { BUILT_IN_PROFILES } from '../profiles/built-in-profiles.ts';
import { hashBytes } from '../resources/file/saved-file.ts';
import { applyOn, describeHostModule, type HostModuleBed, rollBackOn } from '../testing/describe-host-module.ts';
import { createMemoryDebian, type MemoryDebianOptions } from '../testing/memory-debian.ts';
import { MemoryRun } from '../testing/memory-run.ts';
import { BUILT_IN_MODULES } from './built-in-modules.ts';

const KEY = `ssh-ed25519 ${btoa('\0\0\0\x0bssh-ed25519\0\0\0 0123456789abcdef0123456789abcdef')}`;
const COMMIT = 'a'.repeat(40);
const PROGRAM = new TextEncoder().encode('#!/bin/sh\n');
const ARCHIVE = new TextEncoder().encode(JSON.stringify({ 'node-v24.0.0/bin/node': 'node', 'node-v24.0.0/bin/npm': 'npm' }));
const [PROGRAM_HASH, ARCHIVE_HASH] = [await hashBytes(PROGRAM), await hashBytes(ARCHIVE)];

const WITH_ADMINISTRATOR = {
  files: {
    '/etc/passwd': 'root:x:0:0:root:/root:/bin/bash\nanna:x:1000:1000::/home/anna:/bin/bash\n',
    '/etc/group': 'root:x:0:\nsudo:x:27:anna\nanna:x:1000:\n',
    '/home/anna/.ssh/authorized_keys': `${KEY} anna\n`,
  },
};

/** Caches that no rollback puts back: what apt has learned of its repositories. */
const isCache = (path: string): boolean => path.startsWith('/var/lib/apt/lists');

async function open(options: MemoryDebianOptions = {}): Promise<HostModuleBed> {
  const { facts, host, network } = createMemoryDebian(options);
  network.web.files.set('https://example.org/tool', PROGRAM);
  network.web.files.set('https://nodejs.org/dist/v24.0.0/node-v24.0.0-linux-x64.tar.gz', ARCHIVE);
  network.web.repositories.set('https://github.com/example/dotfiles.git', COMMIT);
  network.web.lists.add('_etc_apt_mirrors_debian.list_dists_bookworm_InRelease');
  return {
    host,
    network,
    facts,
    snapshot: async () => Object.fromEntries(Object.entries(host.snapshot()).filter(([path]) => !isCache(path))),
    countRequests: () => network.requests.length,
  };
}

const CHECKOUT = { url: 'https://github.com/example/dotfiles.git', path: '/opt/dotfiles' };

/** Each module with nothing said, and with all that it can. */
const CONFIGS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  system_base: {
    'nothing said': {},
    everything: {
      hostname: 'web.example.org',
      timezone: 'Europe/Berlin',
      locale: 'de_DE.UTF-8',
      sysctl: { 'net.ipv4.ip_forward': 1 },
      swap_size_gb: 0.01,
    },
  },
  time_sync: { 'nothing said': {}, chrony: { daemon: 'chrony', servers: ['ntp.example.org'] } },
  apt_sources: { 'nothing said': {}, mirrors: { mirrors: ['http://one.example.org/debian', 'http://two.example.org/debian'] } },
  packages: {
    'nothing said': {},
    chosen: { essentials: false, install: ['jq', { name: 'git', version: '1.0', hold: true }], optional: ['tmux'] },
  },
  users_ssh: {
    'nothing said': {},
    people: {
      users: [
        { name: 'root', keys: [`${KEY} root`] },
        { name: 'berta', admin: true, passwordless_sudo: true, groups: ['adm2'], keys: [`${KEY} berta`] },
      ],
    },
  },
  ssh_hardening: { 'nothing said': {}, everything: { port: 2222, permit_root_login: 'no', allow_users: ['anna'] } },
  firewall: { 'nothing said': {}, rules: { allow: [{ port: 443 }, { port: '8000-8010', from: ['10.0.0.0/8', '2001:db8::/32'] }] } },
  auto_updates: { 'nothing said': {}, everything: { origins: 'all', reboot: true, mail: 'root@example.org' } },
  docker: { 'of Debian': { source: 'debian', users: ['anna'] } },
  nodejs: { 'nothing said': {}, tarball: { source: 'tarball', version: '24.0.0', sha256: { amd64: ARCHIVE_HASH } } },
  git_checkouts: { 'nothing said': {}, pinned: { checkouts: [{ ...CHECKOUT, commit: COMMIT, owner: 'anna' }] } },
  downloads: {
    'nothing said': {},
    program: { files: [{ urls: ['https://example.org/tool'], path: '/usr/local/bin/tool', sha256: PROGRAM_HASH }] },
    archive: {
      files: [
        {
          urls: ['https://nodejs.org/dist/v24.0.0/node-v24.0.0-linux-x64.tar.gz'],
          path: '/opt/node',
          sha256: ARCHIVE_HASH,
          unpack: {},
        },
      ],
    },
  },
};

for (const module of BUILT_IN_MODULES) {
  describeHostModule(module, { open: () => open(WITH_ADMINISTRATOR), configs: CONFIGS[module.name] ?? {} });
}

const byName = (name: string) => {
  const module = BUILT_IN_MODULES.find((each) => each.name === name);
  if (module === undefined) throw new Error(`There is no module ${name}.`);
  return module;
};

describe('the built-in modules', () => {
  test('are twelve, each with configurations to test, and can be ordered together', () => {
    expect(BUILT_IN_MODULES.map(({ name }) => name).toSorted()).toEqual(Object.keys(CONFIGS).toSorted());
    const names = BUILT_IN_MODULES.map(({ name }) => name);
    expect(orderModules(BUILT_IN_MODULES, { wanted: names, skipped: [] }).modules).toHaveLength(12);
  });

  test('work where systemd does not run: nothing is started, reloaded or set live', async () => {
    const bed = await open({ ...WITH_ADMINISTRATOR, facts: { hasSystemd: false } });
    const modules = BUILT_IN_MODULES.map((module) => {
      const config = module.name === 'docker' ? { source: 'debian' } : {};
      return toPlannableModule(module, module.schema.parse(config), bed.facts);
    });
    const report = await applyOn(bed, { modules, run: new MemoryRun() });
    expect(report.end).toBe('succeeded');
    const live = (bed.host as ReturnType<typeof createMemoryDebian>['host']).commands.filter(
      ([program, verb = '']) =>
        (program === 'systemctl' && ['start', 'stop', 'reload', 'restart', 'is-active'].includes(verb)) ||
        (program === 'sysctl' && verb === '-w') ||
        (program === 'nft' && verb === '-f') ||
        program === 'swapon' ||
        program === 'hostname',
    );
    expect(live).toEqual([]);
  });
});

describe.each(BUILT_IN_PROFILES.map((profile) => [profile.name, profile] as const))('the profile %s', (_name, profile) => {
  const CONFIG: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
    docker: { source: 'debian' },
    users_ssh: { users: [{ name: 'berta', admin: true, passwordless_sudo: true, keys: [`${KEY} berta`] }] },
  };

  async function prepare() {
    const bed = await open();
    const { modules, notes } = orderModules(BUILT_IN_MODULES, { wanted: profile.modules, skipped: [] });
    expect(notes).toEqual([]);
    const ready = modules.map((module) =>
      toPlannableModule(module, module.schema.parse({ ...profile.config[module.name], ...CONFIG[module.name] }), bed.facts),
    );
    return { bed, ready };
  }

  test('needs nothing that it does not name, is done at once, and the second time does and asks nothing', async () => {
    const { bed, ready } = await prepare();
    expect((await applyOn(bed, { modules: ready, run: new MemoryRun() })).end).toBe('succeeded');
    const asked = bed.countRequests();
    const again = await applyOn(bed, { modules: ready, run: new MemoryRun() });
    expect(again.steps.filter(({ result }) => result.kind !== 'unchanged')).toEqual([]);
    expect(bed.countRequests()).toBe(asked);
  });

  test('is taken back whole', async () => {
    const { bed, ready } = await prepare();
    const before = await bed.snapshot();
    const run = new MemoryRun();
    await applyOn(bed, { modules: ready, run });
    expect((await rollBackOn(bed, run)).failed).toEqual([]);
    expect(await bed.snapshot()).toEqual(before);
  });
});

describe('trust', () => {
  const download = { urls: ['https://example.org/tool'], path: '/usr/local/bin/tool', sha256: 'f'.repeat(64) };

  test.each([
    ['fails', false],
    ['fails even where it is optional', true],
  ])('a wrong hash %s, and nothing is installed', async (_title, optional) => {
    const bed = await open();
    const before = await bed.snapshot();
    const module = byName('downloads');
    const modules = [toPlannableModule(module, module.schema.parse({ files: [{ ...download, optional }] }), bed.facts)];
    const report = await applyOn(bed, { modules, run: new MemoryRun() });
    expect(report.end).toBe('failed');
    expect(await bed.snapshot()).toEqual(before);
  });

  test('what is only missing leaves the rest to go on where it is optional', async () => {
    const bed = await open();
    const module = byName('downloads');
    const config = module.schema.parse({ files: [{ ...download, urls: ['https://example.org/nothing'], optional: true }] });
    const report = await applyOn(bed, { modules: [toPlannableModule(module, config, bed.facts)], run: new MemoryRun() });
    expect(report.end).toBe('degraded');
  });
});
