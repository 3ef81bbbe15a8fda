import { OpsError } from '@breakwater/kernel';

export interface SshTarget {
  /** Name or address. */
  readonly host: string;
  readonly port?: number;
  readonly user: string;
  /** A known_hosts file of ours with the accepted key; nothing else is believed. */
  readonly knownHostsPath: string;
  /** The name under which the key stands in that file, when it is not the address. */
  readonly hostKeyAlias?: string;
  /** A private key, readable by its owner only. Without it, the agent at `agentSocket` is asked. */
  readonly keyPath?: string;
  readonly agentSocket?: string;
  /** An ssh_config, for jump hosts. Default: none, and what this machine has is not read. */
  readonly configPath?: string;
}

/** Arguments of `ssh` up to the command. They hold no secret: every user of this machine can read them. */
export function createSshArguments(target: SshTarget): readonly string[] {
  const { configPath, host, hostKeyAlias, keyPath, knownHostsPath, port = 22, user } = target;
  requireSshAddress({ host, port });
  if (!/^[A-Za-z_][A-Za-z0-9._-]{0,31}$/.test(user)) throw createTargetError('the user', user);
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile=${quoteValue(knownHostsPath)}`,
    'GlobalKnownHostsFile=/dev/null',
    'UpdateHostKeys=no',
    'ConnectTimeout=10',
    'ServerAliveInterval=15',
    'ServerAliveCountMax=3',
    'ForwardAgent=no',
    'ForwardX11=no',
    'ClearAllForwardings=yes',
    'PermitLocalCommand=no',
    // Each channel is a connection of its own: a master that hangs would hang them all.
    'ControlMaster=no',
    'ControlPath=none',
    'LogLevel=ERROR',
    ...(hostKeyAlias === undefined ? [] : [`HostKeyAlias=${quoteValue(hostKeyAlias)}`]),
    ...(keyPath === undefined ? [] : ['IdentitiesOnly=yes', `IdentityFile=${quoteValue(keyPath)}`]),
  ];
  return ['-T', '-F', configPath ?? 'none', ...options.flatMap((each) => ['-o', each]), '-p', String(port), '-l', user, '--', host];
}

/** Throws `HOST_SSH_TARGET_INVALID` for what could be taken for something else than a host and its port. */
export function requireSshAddress({ host, port }: { readonly host: string; readonly port: number }): void {
  if (!/^[A-Za-z0-9[][A-Za-z0-9:.%\]_-]{0,254}$/.test(host)) throw createTargetError('the host', host);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw createTargetError('the port', String(port));
}

/** ssh takes the value of an option apart at spaces, and `%` begins a token of it. */
function quoteValue(value: string): string {
  if (/["\n]/.test(value)) throw createTargetError('a path', value);
  return `"${value.replaceAll('%', '%%')}"`;
}

const createTargetError = (what: string, value: string): OpsError =>
  new OpsError({
    code: 'HOST_SSH_TARGET_INVALID',
    message: `${what} is not one that ssh can be given: ${JSON.stringify(value.slice(0, 80))}.`,
    details: { what, value: value.slice(0, 80) },
  });
