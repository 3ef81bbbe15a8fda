import { realpathSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { CommandResult, HostCommand, HostExecutor } from '@breakwater/host-config';
import { type Clock, systemClock } from '@breakwater/kernel';
import { LocalFiles } from './local-files.ts';
import { resolveInside } from './resolve-inside.ts';
import { runProcess } from './run-process.ts';

export interface LocalExecutorOptions {
  /** Acts inside this tree instead: commands by `chroot` (needs root), files without ever leaving it. */
  readonly root?: string;
  readonly hostId?: string;
  readonly clock?: Clock;
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The hands of the configurator on this machine, or in a tree of this machine. */
export function createLocalExecutor(options: LocalExecutorOptions = {}): HostExecutor {
  const clock = options.clock ?? systemClock;
  const root = options.root === undefined ? null : realpathSync(options.root);
  const files = new LocalFiles(root === null ? (path) => Promise.resolve(path) : (path) => resolveInside(root, path));
  return {
    hostId: options.hostId ?? 'local',
    label: root === null ? 'this machine' : `the tree in ${root}`,
    files,
    async run(command, { signal }) {
      const env = { PATH, HOME: root === null ? userInfo().homedir : '/root', LC_ALL: 'C.UTF-8', ...command.env };
      if (root === null) return runProcess(command, { argv: command.argv, env, cwd: command.cwd ?? '/', clock, signal });
      const inside = ['env', '-C', command.cwd ?? '/', '--', ...command.argv];
      const result = await runProcess(command, { argv: ['chroot', root, ...inside], env, cwd: '/', clock, signal });
      return isProgramMissing(result, command) ? { ...result, end: { kind: 'not-started', reason: result.stderr.trim() } } : result;
    },
    close: () => Promise.resolve(),
  };
}

/** `chroot` and `env` say in words what a spawn would have said. */
function isProgramMissing({ end, stderr }: CommandResult, { argv }: HostCommand): boolean {
  if (end.kind !== 'exited' || (end.exitCode !== 126 && end.exitCode !== 127 && end.exitCode !== 125)) return false;
  return stderr.startsWith('chroot: ') || stderr.startsWith(`env: '${argv[0]}': `) || stderr.startsWith('env: cannot change directory');
}
