import { OpsError } from '@breakwater/kernel';
import type { ConsoleDoor } from './ports/server-link.ts';

/**
 * A ticket names the host its console is at. Only the configured server, or a host in that vCenter's inventory, may be
 * connected to: a forged answer must not open a way into the network.
 */
export function requireConsoleTarget(
  door: ConsoleDoor,
  allowed: { readonly configuredHost: string; readonly inventoryHosts: ReadonlySet<string> },
): ConsoleDoor {
  const host = normalizeHost(door.host);
  const isAllowed =
    host === normalizeHost(allowed.configuredHost) || [...allowed.inventoryHosts].some((name) => normalizeHost(name) === host);
  if (isAllowed && door.path.startsWith('/')) return door;
  throw new OpsError({
    code: 'FLEET_CONSOLE_TARGET_REFUSED',
    message: 'The server sent the console to a host that does not belong to it.',
    details: { host: door.host.slice(0, 253) },
  });
}

function normalizeHost(host: string): string {
  return host
    .trim()
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
}
