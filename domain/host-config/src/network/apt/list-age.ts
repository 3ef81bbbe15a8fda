import type { NetworkRoom } from '../network-room.ts';
import type { AptLayout } from './apt-layout.ts';

const TIMEOUT_MS = 10_000;

/** A host that has never updated knows no package at all. */
export async function hasLists({ listsFolder }: AptLayout, { host }: NetworkRoom): Promise<boolean> {
  return (await host.files.list(listsFolder))?.some((name) => /_(?:In)?Release$/.test(name)) === true;
}

/** Whether the lists need not be fetched again: they are young, and no source was changed after them. */
export async function areListsFresh(layout: AptLayout, room: NetworkRoom): Promise<boolean> {
  const { files } = room.host;
  const folder = await files.stat(layout.listsFolder);
  if (folder === null || !(await hasLists(layout, room))) return false;
  const ageMs = (await readHostWallMs(room)) - folder.mtimeMs;
  // Below zero the clock was set back since; then nobody knows how old they are.
  if (ageMs < 0 || ageMs >= room.settings.apt.cacheValidMs) return false;
  const parts = (await files.list(layout.sourceParts)) ?? [];
  for (const path of [layout.sourceList, layout.sourceParts, ...parts.map((name) => `${layout.sourceParts}/${name}`)]) {
    const facts = await files.stat(path);
    if (facts !== null && facts.mtimeMs > folder.mtimeMs) return false;
  }
  return true;
}

/** The folder's own time says when its lists were last known to be good; apt gives the files the server's times. */
export async function markListsFresh({ listsFolder }: AptLayout, { host, signal }: NetworkRoom): Promise<void> {
  await host.run({ argv: ['touch', '-c', '--', listsFolder], timeoutMs: TIMEOUT_MS }, { signal });
}

/** The host's clock wrote the times, so it must be the one that is asked. Resolution: a second, upwards. */
async function readHostWallMs({ clock, host, signal }: NetworkRoom): Promise<number> {
  const { stdout } = await host.run({ argv: ['date', '+%s'], timeoutMs: TIMEOUT_MS, weight: 'glance' }, { signal });
  const seconds = Number(stdout.trim());
  return Number.isFinite(seconds) && seconds > 0 ? (seconds + 1) * 1_000 : clock.wall();
}
