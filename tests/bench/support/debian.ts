import { spawnSync } from 'node:child_process';

/** Installs the Debian packages of a peer. A peer that is not there is an error: a bench without it would prove nothing. */
export function ensureDebianPackages(packages: readonly string[]): void {
  const missing = packages.filter(
    (name) => spawnSync('dpkg-query', ['-W', '-f', '$' + '{Status}', name], { encoding: 'utf8' }).stdout !== 'install ok installed',
  );
  if (missing.length === 0) return;
  const isRoot = process.getuid?.() === 0;
  const [program, ...before] = isRoot ? ['apt-get'] : ['sudo', '-n', 'apt-get'];
  const result = spawnSync(program ?? 'apt-get', [...before, 'install', '-y', '--no-install-recommends', ...missing], {
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (result.status !== 0)
    throw new Error(`The peers of this bench need Debian packages: apt-get install ${missing.join(' ')}\n${result.stdout}${result.stderr}`);
}
