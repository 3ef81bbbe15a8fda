import { isIP } from 'node:net';
import { OpsError } from '@breakwater/kernel';

export interface HostGuardOptions {
  /** Names without port; a leading dot includes all names below. */
  readonly allowedHosts: readonly string[];
  readonly publicUrl: string | null;
  /** The machine's own name. */
  readonly ownName: string;
  /** Address that the portal was told to listen on; it may be a name. */
  readonly host: string;
}

const MAX_KNOWN = 200;

/**
 * Refuses requests that name a host which is not ours. A foreign page can point its own name at our address (DNS
 * rebinding) and would then be of the same origin; it cannot do that with an IP address, so these are all fine.
 */
export function createHostGuard(options: HostGuardOptions): (host: string | undefined) => void {
  const names = [
    'localhost',
    '.localhost',
    options.host,
    options.ownName,
    ...(options.publicUrl === null ? [] : [new URL(options.publicUrl).hostname]),
    ...options.allowedHosts,
  ].map((name) => name.toLowerCase());
  const exact = new Set(names.filter((name) => !name.startsWith('.')));
  const suffixes = names.filter((name) => name.startsWith('.'));
  // The same few headers come with every request; refused ones are not kept, so that strangers cannot fill the memory.
  const known = new Set<string>();
  return (host) => {
    if (host !== undefined && known.has(host)) return;
    const name = splitHost(host);
    if (name !== null && (isIP(name) !== 0 || exact.has(name) || suffixes.some((suffix) => name.endsWith(suffix)))) {
      if (host !== undefined && known.size < MAX_KNOWN) known.add(host);
      return;
    }
    throw new OpsError({
      code: 'PORTAL_HOST_REFUSED',
      message: `This host name is not known here. If it is right, add it to ALLOWED_HOSTS or set PUBLIC_URL.`,
      details: name === null ? {} : { host: name.slice(0, 253) },
    });
  };
}

/** The name in a Host header, in lower case, without port and brackets; null for anything malformed. */
function splitHost(host: string | undefined): string | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(host ?? '');
  const name = match?.[1] ?? match?.[2];
  // A trailing dot is the same name, fully qualified.
  return name === undefined ? null : name.toLowerCase().replace(/\.$/, '');
}
