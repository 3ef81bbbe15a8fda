import { OpsError } from '@breakwater/kernel';

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program already listens there. Stop it, or choose another port with --port or PORT',
  EACCES: 'ports below 1024 are for the administrator of this computer. Choose another port with --port or PORT',
  EADDRNOTAVAIL: 'this computer has no such address. Correct --host or HOST',
  ENOTFOUND: 'the name cannot be resolved. Correct --host or HOST',
  EAI_AGAIN: 'the name cannot be resolved now. Correct --host or HOST, or wait until names are resolved again',
};

/** Opens a door to the network. The usual slips get a line that says what to change. */
export async function listen<Address>(door: { listen(): Promise<Address> }): Promise<Address> {
  try {
    return await door.listen();
  } catch (cause) {
    if (!(cause instanceof Error) || !('code' in cause)) throw cause;
    const reason = REASONS[String(cause.code)];
    if (reason === undefined) throw cause;
    const { address, hostname, port } = cause as { address?: string; hostname?: string; port?: number };
    const place = [address ?? hostname, ...(port === undefined ? [] : [`port ${port}`])].join(' ');
    throw new OpsError({ code: 'CLI_CANNOT_LISTEN', message: `Cannot listen on ${place}: ${reason}.`, cause });
  }
}
