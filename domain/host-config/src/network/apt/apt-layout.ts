import type { HostExecutor } from '../../ports/host-executor.ts';

/** Where apt of this host keeps what is its own; asked of apt, because every path can be set. */
export interface AptLayout {
  readonly listsFolder: string;
  readonly archivesFolder: string;
  readonly sourceList: string;
  readonly sourceParts: string;
  readonly preferenceParts: string;
  /** Of dpkg. */
  readonly adminFolder: string;
  /** With which apt calls dpkg. */
  readonly dpkgOptions: readonly string[];
}

const QUESTIONS = [
  ['LISTS', 'Dir::State::lists/d'],
  ['ARCHIVES', 'Dir::Cache::archives/d'],
  ['LIST', 'Dir::Etc::sourcelist/f'],
  ['PARTS', 'Dir::Etc::sourceparts/d'],
  ['PREFERENCES', 'Dir::Etc::preferencesparts/d'],
  ['STATUS', 'Dir::State::status/f'],
] as const;

const TIMEOUT_MS = 30_000;

export async function readAptLayout(host: HostExecutor, { signal }: { readonly signal: AbortSignal }): Promise<AptLayout> {
  const paths = await host.run({ argv: ['apt-config', 'shell', ...QUESTIONS.flat()], timeoutMs: TIMEOUT_MS, weight: 'glance' }, { signal });
  const options = await host.run({ argv: ['apt-config', 'dump', 'DPkg::Options'], timeoutMs: TIMEOUT_MS, weight: 'glance' }, { signal });
  const found = new Map([...paths.stdout.matchAll(/^([A-Z]+)='([^'\n]*)'$/gm)].map((match) => [match[1], match[2] ?? '']));
  const folder = (name: string, usual: string): string => (found.get(name) ?? usual).replace(/\/+$/, '');
  return {
    listsFolder: folder('LISTS', '/var/lib/apt/lists'),
    archivesFolder: folder('ARCHIVES', '/var/cache/apt/archives'),
    sourceList: folder('LIST', '/etc/apt/sources.list'),
    sourceParts: folder('PARTS', '/etc/apt/sources.list.d'),
    preferenceParts: folder('PREFERENCES', '/etc/apt/preferences.d'),
    adminFolder: folder('STATUS', '/var/lib/dpkg/status').replace(/\/[^/]*$/, ''),
    dpkgOptions: [...options.stdout.matchAll(/^DPkg::Options:: "([^"\n]*)";$/gim)].map((match) => match[1] ?? ''),
  };
}
