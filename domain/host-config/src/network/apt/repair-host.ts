import type { Explanation } from '../../classify/failure.ts';
import type { NetworkRoom } from '../network-room.ts';
import { changeByDpkg, fetchByApt, KEEP_CONFIGURATION, toUpdateArguments } from './apt-command.ts';
import type { AptLayout } from './apt-layout.ts';
import { simulateInstall } from './simulate-install.ts';

const KEEP_OPTIONS = KEEP_CONFIGURATION.flatMap((option) => ['-o', `Dpkg::Options::=${option}`]);

/** Mends what is known to be mendable, once. False: it cannot be done without a person. */
export async function repairHost(explanation: Explanation, layout: AptLayout, room: NetworkRoom): Promise<boolean> {
  const { timeouts } = room.settings;
  switch (explanation.code) {
    case 'dpkg.interrupted': {
      const argv = ['dpkg', ...layout.dpkgOptions, ...KEEP_CONFIGURATION, '--configure', '-a'] as const;
      // What it cannot configure shows itself in the next attempt, with apt's own words.
      await changeByDpkg([...argv], timeouts.aptInstallMs, room);
      return true;
    }
    case 'apt.broken':
      return await fixBroken(room);
    case 'apt.cache.corrupt':
      if (room.settings.isOffline) return false;
      await removeLists(layout, room);
      await refresh(room);
      return true;
    case 'apt.stale-index':
      if (room.settings.isOffline) return false;
      await refresh(room);
      return true;
    case 'apt.missing-archives':
      return true;
    default:
      // The clock, for one, is set by the module time_sync and by nobody else.
      return false;
  }
}

/** apt mends by removal when it finds no other way. */
async function fixBroken(room: NetworkRoom): Promise<boolean> {
  const coming = await simulateInstall(['-f', 'install'], room);
  if (!coming.ok) return false;
  const { removals } = coming.simulation;
  if (removals.length > 0 && !(await room.agreeToRemove(removals))) return false;
  const guard = removals.length > 0 ? [] : ['--no-remove'];
  await changeByDpkg(['apt-get', '-y', '-f', 'install', ...guard, ...KEEP_OPTIONS], room.settings.timeouts.aptInstallMs, room);
  return true;
}

async function removeLists({ listsFolder }: AptLayout, { host }: NetworkRoom): Promise<void> {
  const names = (await host.files.list(listsFolder)) ?? [];
  for (const name of names) if (name.includes('_')) await host.files.remove(`${listsFolder}/${name}`);
}

/** Whether it went well shows itself in the next attempt. */
async function refresh(room: NetworkRoom): Promise<void> {
  await fetchByApt(toUpdateArguments(room), room.settings.timeouts.aptUpdateMs, room);
}
