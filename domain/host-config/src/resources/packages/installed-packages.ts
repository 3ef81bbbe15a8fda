import type { StepContext } from '../../plan/step.ts';
import { runChecked } from '../command/run-checked.ts';

export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  /** dpkg's words: `install ok installed`. */
  readonly isComplete: boolean;
  readonly isHeld: boolean;
}

const TIMEOUT_MS = 30_000;

/** Those of `names` that dpkg knows to be there, by name without architecture. */
export async function readInstalledPackages(
  names: readonly string[],
  context: StepContext,
): Promise<ReadonlyMap<string, InstalledPackage>> {
  if (names.length === 0) return new Map();
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query fills these in.
  const argv = ['dpkg-query', '-W', '-f', '${Package}\\t${Version}\\t${Status}\\n', ...names] as const;
  const { stdout } = await context.host.run({ argv: [...argv], timeoutMs: TIMEOUT_MS, weight: 'glance' }, { signal: context.signal });
  const found = new Map<string, InstalledPackage>();
  for (const line of stdout.split('\n')) {
    const [name, version, status] = line.split('\t');
    if (name === undefined || version === undefined || status === undefined || version === '') continue;
    const [wanted, , state] = status.split(' ');
    found.set(name, { name, version, isComplete: state === 'installed', isHeld: wanted === 'hold' });
  }
  return found;
}

export interface SimulatedChange {
  readonly install: readonly string[];
  readonly upgrade: readonly { readonly name: string; readonly before: string; readonly after: string }[];
  readonly remove: readonly string[];
}

/** What apt would do, without root, lock or network: it reads its lists only. */
export async function simulateApt(args: readonly string[], context: StepContext): Promise<SimulatedChange> {
  const { stdout } = await runChecked(
    { argv: ['apt-get', '-s', '-y', ...args], timeoutMs: TIMEOUT_MS, env: { DEBIAN_FRONTEND: 'noninteractive' }, weight: 'glance' },
    context,
    { code: 'HOST_APT_SIMULATION_FAILED', message: 'apt cannot say how it would do that' },
  );
  const install: string[] = [];
  const upgrade: { name: string; before: string; after: string }[] = [];
  const remove: string[] = [];
  for (const line of stdout.split('\n')) {
    const inst = /^Inst (\S+) (?:\[(\S+)\] )?\((\S+)/.exec(line);
    const gone = /^(?:Remv|Purg) (\S+)/.exec(line);
    if (inst?.[1] !== undefined && inst[2] === undefined) install.push(inst[1]);
    if (inst?.[1] !== undefined && inst[2] !== undefined) upgrade.push({ name: inst[1], before: inst[2], after: inst[3] ?? '' });
    if (gone?.[1] !== undefined) remove.push(gone[1]);
  }
  return { install, upgrade, remove };
}
