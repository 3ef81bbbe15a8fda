import type { NetworkRoom } from '../network-room.ts';
import { askApt } from './apt-command.ts';
import type { AptLayout } from './apt-layout.ts';

/** Versions of those of `names` that are wholly installed, by name without architecture. */
export async function readInstalledVersions(
  names: readonly string[],
  layout: AptLayout,
  room: Pick<NetworkRoom, 'host' | 'signal'>,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  if (names.length === 0) return found;
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query fills these in.
  const format = '${db:Status-Abbrev}\\t${Package}\\t${Version}\\n';
  const { text } = await askApt(['dpkg-query', `--admindir=${layout.adminFolder}`, '-W', `-f=${format}`, ...new Set(names)], room);
  for (const line of text.split('\n')) {
    const [status, name, version] = line.split('\t');
    // Second letter: what is. `ii` wanted and installed, `hi` held and installed.
    if (status?.[1] === 'i' && name !== undefined && version !== undefined) found.set(name, version);
  }
  return found;
}

/** `name`, `name:arch`, `name=version`, `name/suite`. A minus at the end would mean removal to apt. */
export function isPackageOrder(order: string): boolean {
  return /^[a-z0-9][a-z0-9+.-]*(?<!-)(?::[a-z0-9-]+)?(?:=[A-Za-z0-9.+:~-]+|\/[A-Za-z0-9.+_-]+)?$/.test(order) && order.length <= 256;
}

export const toPackageName = (order: string): string => order.replace(/[:=/].*$/, '');

export const toWantedVersion = (order: string): string | null => /=(.+)$/.exec(order)?.[1] ?? null;
