import { memoryAccounts } from './memory-accounts.ts';
import type { CommandScript, MemoryHost } from './memory-host.ts';

const wants = (unit: string): string => `/etc/systemd/system/multi-user.target.wants/${unit}`;
const active = (unit: string): string => `/run/active/${unit}`;

/** Enabled is a link and active a file of its own, so that snapshots see both; since when is of no account for a rollback. */
const createSystemctl = (): CommandScript => {
  const since = new Map<string, number>();
  return ({ argv: [program, verb = '', unit = ''] }, host) => {
    if (program !== 'systemctl') return undefined;
    const exists = host.text(`/lib/systemd/system/${unit}`) !== null;
    switch (verb) {
      case 'is-enabled':
        if (!exists) return { exitCode: 1, stderr: `Failed to get unit file state for ${unit}\n` };
        return host.text(wants(unit)) === null ? { exitCode: 1, stdout: 'disabled\n' } : { stdout: 'enabled\n' };
      case 'is-active':
        return host.text(active(unit)) === null ? { exitCode: 3, stdout: 'inactive\n' } : { stdout: 'active\n' };
      case 'show':
        return { stdout: `@${since.get(unit) ?? 0}\n` };
      case 'enable':
        host.put(wants(unit), '', { mtimeMs: 1 });
        return {};
      case 'disable':
        host.erase(wants(unit));
        return {};
      case 'stop':
        host.erase(active(unit));
        return {};
      case 'start':
      case 'reload':
      case 'restart':
        host.put(active(unit), '', { mtimeMs: 1 });
        since.set(unit, Math.floor(host.now() / 1_000));
        return {};
      default:
        return undefined;
    }
  };
};

/** An archive of these tests is a JSON object of names and texts. */
const tar: CommandScript = ({ argv }, host) => {
  if (argv[0] !== 'tar') return undefined;
  const file = argv[argv.indexOf('-f') + 1] ?? '';
  const folder = argv[argv.indexOf('-C') + 1] ?? '';
  const strip = Number(argv.find((each) => each.startsWith('--strip-components='))?.split('=')[1] ?? 0);
  const names = JSON.parse(host.text(file) ?? '{}') as Readonly<Record<string, string>>;
  for (const [name, text] of Object.entries(names)) {
    const rest = name.split('/').slice(strip).join('/');
    if (rest !== '') host.put(`${folder}/${rest}`, text);
  }
  return {};
};

/** A checkout of these tests is `.git/HEAD` with the commit and a README; anything else in it is work of somebody. */
const git: CommandScript = ({ argv }, host) => {
  if (argv[0] !== 'git') return undefined;
  const path = argv[argv.indexOf('-C') + 1] ?? '';
  if (argv.includes('rev-parse')) return { stdout: `${host.text(`${path}/.git/HEAD`) ?? ''}\n` };
  const known = [`${path}/README`, `${path}/.git`];
  const others = Object.keys(host.snapshot()).filter(
    (each) => each.startsWith(`${path}/`) && !known.some((name) => each === name || each.startsWith(`${name}/`)),
  );
  return { stdout: others.map((each) => `?? ${each}\n`).join('') };
};

/** The rules that are loaded lie in a file of the kernel's, so that a snapshot has them. */
const LOADED = '/run/nft';
const nft: CommandScript = ({ argv }, host) => {
  if (argv[0] !== 'nft') return undefined;
  if (argv.includes('list')) return host.text(LOADED) === null ? { exitCode: 1 } : { stdout: host.text(LOADED) ?? '' };
  if (argv.includes('-c')) return {};
  const text = host.text(argv.at(-1) ?? '') ?? '';
  const body = text.slice(text.lastIndexOf('delete table')).split('\n').slice(1).join('\n');
  if (body.trim() === '') host.erase(LOADED);
  else host.put(LOADED, body, { mtimeMs: 1 });
  return {};
};

/** Kernel parameters, each in a file. */
const sysctl: CommandScript = ({ argv: [program, verb, word = ''] }, host) => {
  if (program !== 'sysctl') return undefined;
  const [key = '', value] = word.split('=');
  if (verb === '-n') return { stdout: `${host.text(`/run/sysctl/${key}`) ?? '0'}\n` };
  if (value === '0') host.erase(`/run/sysctl/${key}`);
  else host.put(`/run/sysctl/${key}`, value ?? '', { mtimeMs: 1 });
  return {};
};

const swap: CommandScript = ({ argv }, host) => {
  const [program] = argv;
  const path = argv.at(-1) ?? '';
  if (program === 'grep') return { exitCode: host.text('/run/swaps') === null ? 1 : 0 };
  if (program === 'swapon') host.put('/run/swaps', path, { mtimeMs: 1 });
  else if (program === 'swapoff') host.erase('/run/swaps');
  else if (program === 'dd') writeZeroes(argv, host);
  else if (program !== 'mkswap') return undefined;
  return {};
};

function writeZeroes(argv: readonly string[], host: MemoryHost): void {
  const read = (name: string): string => argv.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
  host.put(read('of'), '\0'.repeat(Number(read('count')) * 1_048_576), { mode: 0o600 });
}

const HOSTNAME = '/run/hostname';
const names: CommandScript = ({ argv }, host) => {
  if (argv[0] === 'sh' && argv[2]?.includes('hostname') === true) return { exitCode: host.text(HOSTNAME) === argv[4] ? 0 : 1 };
  if (argv[0] === 'sh' && argv[2]?.includes('localedef') === true) return { exitCode: host.text('/run/locales') === argv[4] ? 0 : 1 };
  if (argv[0] === 'locale-gen') host.put('/run/locales', 'de_DE.utf8', { mtimeMs: 1 });
  else if (argv[0] === 'localedef') host.erase('/run/locales');
  else if (argv[0] !== 'hostname') return undefined;
  else if (argv[1] === '-F') host.erase(HOSTNAME);
  else host.put(HOSTNAME, argv[1] ?? '', { mtimeMs: 1 });
  return {};
};

/** Programs that only judge a file, or start what tests do not wait for. */
const PATIENT: ReadonlySet<string> = new Set(['visudo', 'sshd', 'true', 'systemd-run', 'chown']);
const judges: CommandScript = ({ argv: [program] }) => (PATIENT.has(program) ? {} : undefined);

export const createMemoryTools = (): readonly CommandScript[] => [
  createSystemctl(),
  tar,
  git,
  nft,
  sysctl,
  swap,
  names,
  memoryAccounts,
  judges,
];
