import type { CommandResult, HostConfig, HostExecutor, HostFacts } from '@breakwater/host-config';
import { type Console, type Tone, toPrintable } from '../console.ts';
import { EXIT } from '../exit-codes.ts';

export interface DoctorRoom {
  readonly console: Console;
  readonly host: HostExecutor;
  readonly facts: HostFacts;
  readonly config: HostConfig;
  readonly stateDir: string;
  readonly stateIsKept: boolean;
  readonly signal: AbortSignal;
}

interface Diagnosis {
  readonly check: string;
  readonly verdict: 'ok' | 'warning' | 'problem' | 'unknown';
  readonly text: string;
}

const LOCK_FILES = ['/var/lib/dpkg/lock-frontend', '/var/lib/dpkg/lock', '/var/lib/apt/lists/lock', '/var/cache/apt/archives/lock'];
const MIN_FREE_MIB = 1_024;
const TONES: Readonly<Record<Diagnosis['verdict'], Tone>> = { ok: 'good', warning: 'warn', problem: 'bad', unknown: 'dim' };

/** Looks for what most often keeps a run from going well; changes nothing. */
export async function diagnose(room: DoctorRoom): Promise<number> {
  const { console } = room;
  const diagnoses = [
    checkRights(room),
    checkSystem(room),
    checkDisk(room),
    await checkClock(room),
    await checkNames(room),
    await checkLocks(room),
    await checkDpkg(room),
    await checkSources(room),
    checkState(room),
  ];
  for (const diagnosis of diagnoses) {
    console.record({ kind: 'diagnosis', ...diagnosis });
    console.print(
      `${console.paint(TONES[diagnosis.verdict], diagnosis.verdict.padEnd(7))} ${diagnosis.check}: ${toPrintable(diagnosis.text)}`,
    );
  }
  return diagnoses.some(({ verdict }) => verdict === 'problem') ? EXIT.preflight : EXIT.ok;
}

function checkRights({ facts }: DoctorRoom): Diagnosis {
  return facts.isRoot
    ? { check: 'rights', verdict: 'ok', text: 'root' }
    : { check: 'rights', verdict: 'problem', text: 'not root: most modules cannot change anything. Run it with sudo.' };
}

function checkSystem({ facts }: DoctorRoom): Diagnosis {
  const text = `${facts.osId || 'unknown'} ${facts.osVersion} on ${facts.architecture || 'unknown'}`;
  return facts.osId === 'debian'
    ? { check: 'system', verdict: 'ok', text }
    : { check: 'system', verdict: 'warning', text: `${text}; made for Debian` };
}

function checkDisk({ facts }: DoctorRoom): Diagnosis {
  const text = `${facts.rootFreeMib} MiB free on /`;
  return facts.rootFreeMib >= MIN_FREE_MIB
    ? { check: 'disk', verdict: 'ok', text }
    : { check: 'disk', verdict: 'problem', text: `${text}; packages need at least ${MIN_FREE_MIB}` };
}

async function checkClock(room: DoctorRoom): Promise<Diagnosis> {
  const result = await ask(room, ['timedatectl', 'show', '--property=NTPSynchronized', '--value']);
  const answer = result.end.kind === 'exited' && result.end.exitCode === 0 ? result.stdout.trim() : '';
  if (answer === 'yes') return { check: 'clock', verdict: 'ok', text: 'synchronized' };
  if (answer === 'no')
    return {
      check: 'clock',
      verdict: 'warning',
      text: 'not synchronized: signatures of apt may count as not valid yet. The module time_sync mends it.',
    };
  return { check: 'clock', verdict: 'unknown', text: 'this host does not tell whether it is synchronized' };
}

async function checkNames(room: DoctorRoom): Promise<Diagnosis> {
  const name =
    Object.values(room.config.services)
      .flatMap(({ hosts }) => hosts)
      .find((host) => !host.includes('*')) ?? 'deb.debian.org';
  const result = await ask(room, ['getent', 'ahosts', name]);
  const isFound = result.end.kind === 'exited' && result.end.exitCode === 0;
  return isFound
    ? { check: 'names', verdict: 'ok', text: `${name} is found` }
    : { check: 'names', verdict: 'problem', text: `${name} is not found: look at /etc/resolv.conf` };
}

async function checkLocks(room: DoctorRoom): Promise<Diagnosis> {
  const result = await ask(room, ['lslocks', '--json', '--notruncate', '--output', 'PID,COMMAND,PATH']);
  if (result.end.kind !== 'exited' || result.end.exitCode !== 0)
    return { check: 'locks', verdict: 'unknown', text: 'lslocks is not there' };
  const held = parseLocks(result.stdout).filter(({ path }) => LOCK_FILES.includes(path));
  if (held.length === 0) return { check: 'locks', verdict: 'ok', text: 'apt and dpkg are free' };
  const text = held.map(({ command, path, pid }) => `${path} is held by ${command} (process ${pid})`).join('; ');
  return { check: 'locks', verdict: 'warning', text: `${text}. A run waits up to ${room.config.performance.timeouts.lock_wait} s.` };
}

function parseLocks(text: string): readonly { readonly pid: number; readonly command: string; readonly path: string }[] {
  // Without a single lock lslocks prints nothing at all.
  if (text.trim() === '') return [];
  const { locks } = JSON.parse(text) as {
    readonly locks: readonly { readonly pid: number | string; readonly command: string | null; readonly path: string | null }[];
  };
  return locks.map(({ command, path, pid }) => ({ pid: Number(pid), command: command ?? 'an unknown program', path: path ?? '' }));
}

async function checkDpkg(room: DoctorRoom): Promise<Diagnosis> {
  const result = await ask(room, ['dpkg', '--audit']);
  if (result.end.kind !== 'exited') return { check: 'packages', verdict: 'unknown', text: 'dpkg does not answer' };
  const text = result.stdout.trim();
  return text === '' && result.end.exitCode === 0
    ? { check: 'packages', verdict: 'ok', text: 'none is half-installed' }
    : {
        check: 'packages',
        verdict: 'problem',
        text: `dpkg has unfinished work: ${text.split('\n')[0] ?? ''} The next apply mends it, or "dpkg --configure -a".`,
      };
}

async function checkSources({ host }: DoctorRoom): Promise<Diagnosis> {
  const files = ((await host.files.list('/etc/apt/sources.list.d')) ?? []).filter((name) => /\.(?:list|sources)$/.test(name));
  const main = await host.files.read('/etc/apt/sources.list');
  const hasMain = main !== null && /^\s*deb\s/m.test(new TextDecoder().decode(main));
  const number = files.length + (hasMain ? 1 : 0);
  return number > 0
    ? { check: 'sources', verdict: 'ok', text: `${number} with packages` }
    : { check: 'sources', verdict: 'problem', text: 'apt knows no source; the module apt_sources writes them' };
}

function checkState({ stateDir, stateIsKept }: DoctorRoom): Diagnosis {
  return stateIsKept
    ? { check: 'state', verdict: 'ok', text: stateDir }
    : { check: 'state', verdict: 'problem', text: `${stateDir} cannot be written: runs could not be taken back. Use --state-dir.` };
}

function ask({ host, signal }: DoctorRoom, argv: readonly [string, ...string[]]): Promise<CommandResult> {
  return host.run({ argv, timeoutMs: 15_000 }, { signal });
}
