import { capture } from './processes.mjs';

/** Debian packages that the tests use as strangers: each with a file that proves it is there. */
const NEEDED = [
  { package: 'golang-go', proof: ['which', ['go']] },
  { package: 'golang-github-vmware-govmomi-dev', proof: ['test', ['-d', '/usr/share/gocode/src/github.com/vmware/govmomi/simulator']] },
  { package: 'chromium', proof: ['which', ['chromium']] },
  { package: 'tigervnc-standalone-server', proof: ['which', ['Xtigervnc']] },
  // Debian 13 and newer have Valkey too; both speak the same, and Redis is in all releases.
  { package: 'redis-server', proof: ['sh', ['-c', 'command -v valkey-server || command -v redis-server']] },
  // The server's own programs are in a folder per version, outside the path.
  { package: 'postgresql', proof: ['sh', ['-c', 'ls /usr/lib/postgresql/*/bin/initdb']] },
  { package: 'gpg', proof: ['which', ['gpg']] },
  { package: 'dpkg-dev', proof: ['which', ['dpkg-scanpackages']] },
  { package: 'openssh-client', proof: ['which', ['ssh']] },
  { package: 'openssl', proof: ['which', ['openssl']] },
];

/** Installs what is missing when it may; otherwise names the packages and the command, and gives up. */
export async function ensureSystemPackages() {
  const missing = [];
  for (const need of NEEDED) if ((await capture(...need.proof)).code !== 0) missing.push(need.package);
  if (missing.length === 0) return;
  const command = `apt-get install -y --no-install-recommends ${missing.join(' ')}`;
  const sudo = await chooseSudo();
  if (sudo === null) throw new Error(`The tests need Debian packages that are not installed. Install them as root:\n  ${command}`);
  console.error(`Setting up: installing Debian packages for the tests: ${missing.join(', ')} ...`);
  const environment = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  const install = () => capture(...withSudo(sudo, 'apt-get', ['install', '-y', '--no-install-recommends', ...missing]), environment);
  let installed = await install();
  if (installed.code !== 0) {
    await capture(...withSudo(sudo, 'apt-get', ['update']), environment);
    installed = await install();
  }
  if (installed.code !== 0)
    throw new Error(
      `${installed.output.slice(-4_000)}\nThese Debian packages could not be installed: ${missing.join(', ')}. Install them and start again:\n  ${command}`,
    );
}

const withSudo = (sudo, program, args) => (sudo === '' ? [program, args] : [sudo, ['-n', '-E', program, ...args]]);

/** `''` for root, `sudo` when it asks for no password, null when neither. */
async function chooseSudo() {
  if ((await capture('which', ['apt-get'])).code !== 0) return null;
  if (process.getuid?.() === 0) return '';
  return (await capture('sudo', ['-n', 'true'])).code === 0 ? 'sudo' : null;
}
