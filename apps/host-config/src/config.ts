import { homedir } from 'node:os';
import { join } from 'node:path';

export interface Environment {
  /** https://no-color.org: present and not empty. */
  readonly isColorRefused: boolean;
  readonly settings: Readonly<Record<string, string | undefined>>;
  readonly userStateDir: string;
  readonly agentSocket: string | null;
  readonly knownHosts: string;
  /** Who has become root by sudo. */
  readonly sudoUser: string | null;
}

/** Everything that this program takes from the environment. */
export function readEnvironment(): Environment {
  const { NO_COLOR: noColor = '', SSH_AUTH_SOCK: agentSocket = '', SUDO_USER: sudoUser, XDG_STATE_HOME: stateHome = '' } = process.env;
  return {
    isColorRefused: noColor !== '',
    settings: Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('VPSCFG_'))),
    // A relative path must be ignored (XDG Base Directory Specification).
    userStateDir: join(stateHome.startsWith('/') ? stateHome : join(homedir(), '.local/state'), 'vps-configurator'),
    agentSocket: agentSocket === '' ? null : agentSocket,
    knownHosts: join(homedir(), '.ssh/known_hosts'),
    sudoUser: sudoUser === undefined || sudoUser === '' ? null : sudoUser,
  };
}
