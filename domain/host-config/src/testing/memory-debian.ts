import type { HostFacts } from '../plan/host-facts.ts';
import { MEMORY_CATALOG } from './memory-catalog.ts';
import { type CommandScript, MemoryHost } from './memory-host.ts';
import { MemoryNetwork } from './memory-network.ts';
import { type MemoryCatalog, MemoryPackages } from './memory-packages.ts';
import { createMemoryTools } from './memory-tools.ts';

export interface MemoryDebianOptions {
  readonly files?: Readonly<Record<string, string>>;
  /** Beside those that the built-in modules need. */
  readonly catalog?: MemoryCatalog;
  readonly installed?: readonly string[];
  /** Asked before the tools that come with it. */
  readonly scripts?: readonly CommandScript[];
  readonly facts?: Partial<HostFacts>;
}

export interface MemoryDebian {
  readonly host: MemoryHost;
  readonly network: MemoryNetwork;
  readonly packages: MemoryPackages;
  readonly facts: HostFacts;
}

/** A Debian host in memory: packages, units and accounts that live in its file tree, and a network to match. */
export function createMemoryDebian(options: MemoryDebianOptions = {}): MemoryDebian {
  const host = new MemoryHost({ files: { ...BASE_FILES, ...options.files }, scripts: options.scripts ?? [] });
  // Tools write these anew with every change, and a rollback by those tools does too: their time is of no account.
  for (const path of ['/etc/passwd', '/etc/group']) host.put(path, host.text(path) ?? '', { mtimeMs: 1 });
  const packages = new MemoryPackages(host, { ...MEMORY_CATALOG, ...options.catalog });
  host.addScript(packages.script);
  for (const script of createMemoryTools()) host.addScript(script);
  packages.install(options.installed ?? []);
  return { host, packages, network: new MemoryNetwork(host, packages), facts: { ...FACTS, ...options.facts } };
}

const BASE_FILES = {
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/bash\n',
  '/etc/group': 'root:x:0:\nsudo:x:27:\n',
  '/etc/hostname': 'debian\n',
  '/etc/hosts': '127.0.0.1\tlocalhost\n',
  '/etc/fstab': '# static file system information\n',
  '/etc/apt/sources.list': 'deb http://deb.debian.org/debian bookworm main\n',
  '/lib/systemd/system/apt-daily.timer': '[Timer]\n',
  '/lib/systemd/system/apt-daily-upgrade.timer': '[Timer]\n',
  '/var/lib/apt/lists/deb.debian.org_debian_dists_bookworm_main_binary-amd64_Packages': '',
  '/usr/local/bin/.keep': '',
  '/home/.keep': '',
  '/root/.bashrc': '',
  '/opt/.keep': '',
};

const FACTS: HostFacts = {
  hostname: 'debian',
  osId: 'debian',
  osVersion: '12',
  osCodename: 'bookworm',
  architecture: 'amd64',
  isRoot: true,
  hasSystemd: true,
  machineId: '0123456789abcdef0123456789abcdef',
  memoryMib: 2_048,
  rootFreeMib: 20_000,
  sshPort: 22,
};
