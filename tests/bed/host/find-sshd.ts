import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runTool } from './run-tool.ts';

const cache = join(import.meta.dirname, '../../../.cache/sshd');

/** The machine's sshd, or Debian's packages unpacked into the cache of this clone, once: nothing is installed. */
export function findSshd(): { readonly program: string; readonly libraries: string | null } {
  if (existsSync('/usr/sbin/sshd')) return { program: '/usr/sbin/sshd', libraries: null };
  const program = join(cache, 'usr/sbin/sshd');
  if (!existsSync(program)) fetchSshd();
  const triplet = runTool(['dpkg-architecture', '-qDEB_HOST_MULTIARCH']).trim();
  return { program, libraries: join(cache, 'usr/lib', triplet) };
}

function fetchSshd(): void {
  // Several test files may come here at the same time: each unpacks for itself, and the first rename wins.
  const fresh = `${cache}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  runTool(['apt-get', 'download', 'openssh-server', 'libwrap0'], { cwd: fresh });
  for (const name of readdirSync(fresh).filter((each) => each.endsWith('.deb'))) runTool(['dpkg-deb', '-x', join(fresh, name), fresh]);
  if (existsSync(cache)) rmSync(fresh, { recursive: true });
  else renameSync(fresh, cache);
}
