import { findService } from '../find-service.ts';
import type { NetworkRoom } from '../network-room.ts';
import { askApt } from './apt-command.ts';

/** The hosts of apt's sources, by the service that each belongs to. Sources without a host (`file:`) need none. */
export async function readSourceHosts(room: NetworkRoom): Promise<ReadonlyMap<string, string>> {
  // `indextargets` knows only sources that have been fetched before, and `-qq` keeps this one silent.
  const { text } = await askApt(['apt-get', 'update', '--print-uris'], room);
  return toServices(toUrls(text), room);
}

/** Those that an installation needs, packages that lie in the cache already left out. */
export async function readArchiveHosts(args: readonly string[], room: NetworkRoom): Promise<ReadonlyMap<string, string>> {
  const { text } = await askApt(['apt-get', '-qq', '-y', '--print-uris', ...args], room);
  return toServices(toUrls(text), room);
}

const toUrls = (text: string): readonly string[] => [...text.matchAll(/^'([^'\n]+)' \S+ \d+/gm)].map((match) => match[1] ?? '');

function toServices(urls: readonly string[], { settings }: NetworkRoom): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const url of urls) {
    const host = /^[a-z+]{2,24}:\/\/(?:[^/@\s]*@)?(\[[0-9A-Fa-f:.]+\]|[^/:\s]+)/.exec(url)?.[1]?.toLowerCase();
    if (host !== undefined) found.set(host, findService(host, { services: settings.services, purpose: 'apt' }));
  }
  return found;
}

/** Services in a stable order; the most general one first, because what names no host is counted for the first. */
export const toServiceNames = (hosts: ReadonlyMap<string, string>): readonly string[] => [...new Set(hosts.values())].toSorted();
