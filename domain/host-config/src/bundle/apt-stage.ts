import { createId } from '@breakwater/kernel';
import type { CommandResult, HostCommand, HostExecutor } from '../ports/host-executor.ts';

const FOLDER = { mode: 0o755, uid: 0, gid: 0 };
const APT = new Set(['apt-get', 'apt-cache', 'apt-config']);

export interface AptStage {
  /** On the host. */
  readonly path: string;
  /** The same host, whose apt has the sources, lists and downloaded packages of the stage, and the installed packages of the host. */
  readonly host: HostExecutor;
  close(): Promise<void>;
}

/** `before` runs ahead of each command of apt that is about to install. */
export async function openAptStage(host: HostExecutor, options: { readonly before?: () => Promise<void> } = {}): Promise<AptStage> {
  // Readable for apt's own user, which fetches; nobody can be there before because nobody knows the name.
  const path = `/var/tmp/vps-configurator-${createId()}`;
  for (const each of ['', '/lists', '/lists/partial', '/archives', '/archives/partial', '/parts', '/preferences', '/keys', '/pool']) {
    await host.files.makeDirectory(`${path}${each}`, FOLDER);
  }
  const settings = [
    `Dir::Etc::sourcelist=${path}/sources.list`,
    `Dir::Etc::sourceparts=${path}/parts`,
    `Dir::Etc::preferencesparts=${path}/preferences`,
    `Dir::State::lists=${path}/lists`,
    `Dir::Cache::archives=${path}/archives`,
    // Caches of the host's own lists would be taken for those of the stage.
    'Dir::Cache::pkgcache=',
    'Dir::Cache::srcpkgcache=',
  ].flatMap((each) => ['-o', each]);
  return {
    path,
    host: {
      hostId: host.hostId,
      label: host.label,
      files: host.files,
      close: () => host.close(),
      async run(command: HostCommand, context): Promise<CommandResult> {
        const [program, ...args] = command.argv;
        if (!APT.has(program)) return await host.run(command, context);
        if (program === 'apt-get' && args.includes('install') && !args.includes('-s') && !args.includes('--print-uris')) {
          await options.before?.();
        }
        // A file of a `file:` source counts as a download too, and is none.
        const kept = options.before === undefined ? args : args.filter((each) => each !== '--no-download');
        return await host.run({ ...command, argv: [program, ...settings, ...kept] }, context);
      },
    },
    close: () => host.files.removeTree(path),
  };
}
