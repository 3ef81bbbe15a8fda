import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BedFolder, createBedFolder } from './bed-folder.ts';
import { runTool, tryTool } from './run-tool.ts';

const SUITE = 'bookworm';
const MIRROR = 'http://deb.debian.org/debian';
const cache = join(import.meta.dirname, '../../../.cache/debian-tree');

/** A whole small Debian in a folder, for `chroot`; each one is a copy of its own. Needs root, and the mirrors of Debian the first time. */
export async function createDebianTree(): Promise<BedFolder> {
  if (process.getuid?.() !== 0) throw new Error('A Debian tree is entered by chroot: run this as root.');
  if (!existsSync(cache)) await fetchTree();
  const folder = createBedFolder('debian');
  const path = join(folder.path, 'tree');
  // With devices, owners and links.
  runTool(['cp', '-a', cache, path]);
  return { path, remove: () => folder.remove() };
}

async function fetchTree(): Promise<void> {
  const fresh = `${cache}.${process.pid}`;
  const tools = `${fresh}-tools`;
  mkdirSync(tools, { recursive: true });
  runTool(['apt-get', 'download', 'debootstrap'], { cwd: tools });
  runTool(['sh', '-c', 'dpkg-deb -x debootstrap_*.deb .'], { cwd: tools });
  const env = { DEBOOTSTRAP_DIR: join(tools, 'usr/share/debootstrap') };
  const { exitCode, stderr } = await tryTool([join(tools, 'usr/sbin/debootstrap'), '--variant=minbase', SUITE, fresh, MIRROR], { env });
  rmSync(tools, { recursive: true });
  if (exitCode !== 0) throw new Error(`debootstrap ended with ${exitCode}: ${stderr}`);
  // No service starts in a tree that no kernel has booted.
  writeFileSync(join(fresh, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  if (existsSync(cache)) rmSync(fresh, { recursive: true });
  else renameSync(fresh, cache);
}
