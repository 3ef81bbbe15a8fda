import { createId } from '@breakwater/kernel';
import type { NetworkRoom } from '../network-room.ts';
import type { AptLayout } from './apt-layout.ts';
import { removeHostsFromList, removeHostsFromStanzas } from './without-hosts.ts';

export interface ReducedSources {
  /** For apt-get. */
  readonly options: readonly string[];
  remove(): Promise<void>;
}

const MAX_BYTES = 1_048_576;

/** The same sources without those hosts, in a folder of their own; the lists of what is left out stay as they are. */
export async function leaveOutHosts(hosts: readonly string[], layout: AptLayout, room: NetworkRoom): Promise<ReducedSources> {
  const { files } = room.host;
  const shut = new Set(hosts);
  const folder = `/tmp/vps-configurator-sources-${createId()}`;
  const owner = { mode: 0o644, uid: 0, gid: 0 };
  await files.makeDirectory(folder, { ...owner, mode: 0o755 });
  const copy = async (from: string, to: string): Promise<void> => {
    const bytes = await files.read(from, { maxBytes: MAX_BYTES });
    const text = bytes === null ? '' : new TextDecoder().decode(bytes);
    const reduced = from.endsWith('.sources') ? removeHostsFromStanzas(text, shut) : removeHostsFromList(text, shut);
    await files.write(to, new TextEncoder().encode(reduced), owner);
  };
  await files.makeDirectory(`${folder}/parts`, { ...owner, mode: 0o755 });
  await copy(layout.sourceList, `${folder}/sources.list`);
  for (const name of (await files.list(layout.sourceParts)) ?? []) {
    if (/\.(?:list|sources)$/.test(name)) await copy(`${layout.sourceParts}/${name}`, `${folder}/parts/${name}`);
  }
  return {
    options: [
      '-o',
      `Dir::Etc::sourcelist=${folder}/sources.list`,
      '-o',
      `Dir::Etc::sourceparts=${folder}/parts`,
      '-o',
      'APT::Get::List-Cleanup=0',
    ],
    remove: () => files.removeTree(folder),
  };
}
