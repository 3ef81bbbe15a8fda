import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type BedFolder, createBedFolder } from './bed-folder.ts';
import { runTool } from './run-tool.ts';

const PROGRAMS = (
  'sh env id cat chmod chown cp date df head ls mkdir mv printenv readlink rm rmdir sha256sum stat tail touch ' +
  'uname wc apt-key basename cmp cut dirname gpgconf ln mktemp sort tr uniq sed grep find diff tar gzip git gpgv ' +
  'apt-get apt-cache apt-config dpkg dpkg-deb dpkg-query dpkg-split dpkg-trigger ldconfig start-stop-daemon'
).split(' ');
const FOLDERS = (
  'dev etc/apt/apt.conf.d etc/apt/keyrings etc/apt/preferences.d etc/apt/sources.list.d etc/apt/trusted.gpg.d ' +
  'etc/default opt root tmp usr/local/bin usr/share/zoneinfo/Etc var/cache/apt/archives/partial ' +
  'var/lib/apt/lists/partial var/lib/dpkg/info var/lib/dpkg/triggers var/lib/dpkg/updates var/log/apt var/tmp'
).split(' ');

/**
 * A tree for `chroot` with this machine's own apt, dpkg, git and what they stand on, and with an empty package database: made in a second, and without
 * a network. Needs root.
 */
export function createSmallTree(options: { readonly installed?: readonly string[] } = {}): SmallTree {
  if (process.getuid?.() !== 0) throw new Error('A tree is entered by chroot: run this as root.');
  const folder = createBedFolder('tree');
  const tree = join(folder.path, 'tree');
  mkdirSync(tree, { mode: 0o755 });
  // As on every Debian since 12.
  runTool(['sh', '-c', `cd ${tree} && mkdir -p usr/bin usr/sbin usr/lib usr/lib64 && ln -s usr/bin usr/sbin usr/lib usr/lib64 .`]);
  for (const each of FOLDERS) mkdirSync(join(tree, each), { recursive: true });
  // apt's own user writes there too.
  for (const each of ['tmp', 'var/tmp']) chmodSync(join(tree, each), 0o1777);
  const programs = PROGRAMS.map((name) => findProgram(name));
  const methods = readdirSync('/usr/lib/apt/methods').map((name) => `/usr/lib/apt/methods/${name}`);
  const libraries = runTool([
    'sh',
    '-c',
    `ldd ${[...programs, ...methods].join(' ')} 2>/dev/null | grep -o '/[^ ]*' | grep -v ':$' | sort -u`,
  ]);
  const files = [...programs, ...libraries.trim().split('\n')].join(' ');
  runTool(['sh', '-c', `tar -chf - --absolute-names ${files} | tar -xf - -C ${tree} --keep-directory-symlink 2>/dev/null`]);
  for (const each of ['/usr/lib/apt', '/usr/share/dpkg', '/dev/null', '/dev/urandom', '/dev/zero']) {
    mkdirSync(dirname(join(tree, each)), { recursive: true });
    runTool(['cp', '-a', each, join(tree, dirname(each))]);
  }
  const write = (path: string, text: string): void => writeFileSync(join(tree, path), text);
  write('usr/lib/os-release', 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n');
  write('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\n_apt:x:42:65534::/nonexistent:/usr/sbin/nologin\n');
  write('etc/group', 'root:x:0:\nnogroup:x:65534:\n');
  write('etc/hostname', 'bed\n');
  write('etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files\n');
  write('etc/hosts', '127.0.0.1\tlocalhost\n');
  write('etc/apt/sources.list', '');
  write('usr/share/zoneinfo/Etc/UTC', '');
  const stanzas = (options.installed ?? []).map(
    (name) =>
      `Package: ${name}\nStatus: install ok installed\nMaintainer: Bed <bed@example.org>\nArchitecture: all\nVersion: 1\nDescription: stands for what is there\n`,
  );
  write('var/lib/dpkg/status', stanzas.join('\n'));
  for (const name of options.installed ?? []) write(`var/lib/dpkg/info/${name}.list`, '');
  return { path: tree, remove: () => folder.remove(), copy: () => copyTree(tree) };
}

export interface SmallTree extends BedFolder {
  /** Another one, as this one is now. */
  copy(): BedFolder;
}

function copyTree(from: string): BedFolder {
  const folder = createBedFolder('tree');
  const path = join(folder.path, 'tree');
  runTool(['cp', '-a', from, path]);
  return { path, remove: () => folder.remove() };
}

function findProgram(name: string): string {
  const path = ['/usr/bin', '/usr/sbin', '/bin', '/sbin'].map((folder) => `${folder}/${name}`).find((each) => existsSync(each));
  if (path === undefined) throw new Error(`The bed needs the program ${name}.`);
  return path;
}
