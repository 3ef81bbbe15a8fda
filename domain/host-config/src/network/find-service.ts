import type { ServiceSettings } from './network-settings.ts';

/** What `apt_repository` is called in spec 05: sources of apt that belong to no other service count for it. */
export const APT_SERVICE = 'apt_repository';
const REST_SERVICE = 'external_downloads';

/** The service that a host belongs to. The most exact name wins; `*` only where nothing else fits. */
export function findService(
  host: string,
  options: { readonly services: Readonly<Record<string, ServiceSettings>>; readonly purpose: 'apt' | 'other' },
): string {
  const name = host.toLowerCase();
  let best: { readonly service: string; readonly length: number } | null = null;
  for (const [service, { hosts }] of Object.entries(options.services)) {
    for (const pattern of hosts) {
      const length = matchHost(name, pattern.toLowerCase());
      if (length > (best?.length ?? 0)) best = { service, length };
    }
  }
  if (best !== null) return best.service;
  if (options.purpose === 'apt') return APT_SERVICE;
  return Object.entries(options.services).find(([, { hosts }]) => hosts.includes('*'))?.[0] ?? REST_SERVICE;
}

/** An empty list allows every host. */
export function isHostAllowed(host: string, allowedHosts: readonly string[]): boolean {
  return (
    allowedHosts.length === 0 || allowedHosts.some((pattern) => pattern === '*' || matchHost(host.toLowerCase(), pattern.toLowerCase()) > 0)
  );
}

/** How many characters fit; 0: none. A whole name is more exact than any pattern. */
function matchHost(host: string, pattern: string): number {
  if (host === pattern) return Number.MAX_SAFE_INTEGER;
  return pattern.startsWith('*.') && host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1 ? pattern.length : 0;
}
