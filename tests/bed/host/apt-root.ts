import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createBedFolder } from './bed-folder.ts';
import { runTool, type ToolResult, tryTool } from './run-tool.ts';

export interface AptRoot {
  readonly path: string;
  /** What makes `apt-get` and friends act in this root: pass it as environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Replaces `sources.list`. */
  setSources(...lines: readonly string[]): void;
  /** Runs apt-get here. */
  aptGet(...args: readonly string[]): Promise<ToolResult>;
  /** Version of what is installed, dpkg's word for any other state (`half-configured`), or null when dpkg does not know it. */
  state(name: string): string | null;
  /** Arguments that point dpkg and dpkg-query here. */
  readonly dpkgArgs: readonly string[];
  remove(): void;
}

/**
 * A root folder for real apt and dpkg, with their own lists, caches, locks and status: nothing of this machine's is read or written. Maintainer
 * scripts run without chroot and find the root in `$DPKG_ROOT`. Works without being root too.
 */
export function createAptRoot(options: { readonly sources?: readonly string[] } = {}): AptRoot {
  const folder = createBedFolder('root');
  const root = folder.path;
  for (const each of [
    'etc/apt/apt.conf.d',
    'etc/apt/preferences.d',
    'etc/apt/sources.list.d',
    'etc/apt/trusted.gpg.d',
    'var/lib/apt/lists/partial',
    'var/cache/apt/archives/partial',
    'var/lib/dpkg/info',
    'var/lib/dpkg/updates',
    'var/lib/dpkg/triggers',
    'var/log/apt',
    'tmp',
  ]) {
    mkdirSync(join(root, each), { recursive: true });
  }
  writeFileSync(join(root, 'var/lib/dpkg/status'), '');
  const config = join(root, 'etc/apt-bed.conf');
  const dpkgArgs = [`--root=${root}`];
  writeFileSync(
    config,
    [
      `Dir "${root}";`,
      `Dir::State::status "${root}/var/lib/dpkg/status";`,
      'Dir::Bin::methods "/usr/lib/apt/methods";',
      'Dir::Bin::dpkg "/usr/bin/dpkg";',
      'Dir::Bin::solvers:: "/usr/lib/apt/solvers";',
      'Dir::Bin::planners:: "/usr/lib/apt/planners";',
      'APT::Sandbox::User "root";',
      'APT::Architecture "%ARCH%";',
      'APT::Install-Recommends "false";',
      'Acquire::Languages "none";',
      'DPkg::Options {',
      `  "--root=${root}";`,
      '  "--force-not-root";',
      '  "--force-script-chrootless";',
      '  "--force-bad-path";',
      `  "--log=${root}/var/log/dpkg.log";`,
      '};',
      '',
    ]
      .join('\n')
      .replace('%ARCH%', runTool(['dpkg', '--print-architecture']).trim()),
  );
  const env = { APT_CONFIG: config, DEBIAN_FRONTEND: 'noninteractive' };
  const setSources = (...lines: readonly string[]): void =>
    writeFileSync(join(root, 'etc/apt/sources.list'), lines.map((line) => `${line}\n`).join(''));
  setSources(...(options.sources ?? []));
  return {
    path: root,
    env,
    setSources,
    aptGet: (...args) => tryTool(['apt-get', ...args], { env }),
    state: (name) => {
      const status = readFileSync(join(root, 'var/lib/dpkg/status'), 'utf8');
      const stanza = status.split('\n\n').find((each) => each.startsWith(`Package: ${name}\n`));
      if (stanza === undefined) return null;
      const state = /^Status: \S+ \S+ (\S+)$/m.exec(stanza)?.[1] ?? '';
      return state === 'installed' ? (/^Version: (.+)$/m.exec(stanza)?.[1] ?? '') : state;
    },
    dpkgArgs,
    remove: () => folder.remove(),
  };
}
