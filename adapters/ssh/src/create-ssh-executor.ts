import type { HostExecutor } from '@breakwater/host-config';
import { type Clock, systemClock } from '@breakwater/kernel';
import { Link } from './link.ts';
import { RemoteFiles } from './remote-files.ts';
import { runCommand } from './run-command.ts';
import { createSshArguments, type SshTarget } from './ssh-arguments.ts';

export interface SshExecutorOptions extends SshTarget {
  /** Scope of breaker state and locks, the id of the machine. */
  readonly hostId: string;
  /** `root` (default): by `sudo -n` when the user is another one. `login`: as the user who is let in. */
  readonly privilege?: 'root' | 'login';
  /** For the first connection. Default: 30 s. */
  readonly openTimeoutMs?: number;
  readonly clock?: Clock;
}

/** Connects and looks whether it can work; rejects with `HOST_SSH_*`, or `HOST_LINK_LOST` when there is no answer. Must be closed. */
export async function createSshExecutor(options: SshExecutorOptions): Promise<HostExecutor> {
  const { clock = systemClock, openTimeoutMs = 30_000, privilege = 'root' } = options;
  const link = new Link({ sshArguments: createSshArguments(options), agentSocket: options.agentSocket, privilege, clock });
  try {
    await link.call({ line: 'drop first', untilMs: clock.now() + openTimeoutMs });
  } catch (error) {
    await link.close();
    throw error;
  }
  return {
    hostId: options.hostId,
    label: `${options.user}@${options.host}`,
    files: new RemoteFiles(link, clock),
    run: (command, { signal }) => runCommand(command, { link, clock, signal }),
    close: () => link.close(),
  };
}
