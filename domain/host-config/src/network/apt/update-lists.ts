import type { Explanation } from '../../classify/failure.ts';
import type { OpenedBundle } from '../../ports/bundle-door.ts';
import { explainRun } from '../explain-run.ts';
import { runGuarded } from '../guarded-run.ts';
import type { AptUpdate, AttemptEnd, Outcome } from '../network-operations.ts';
import type { NetworkRoom } from '../network-room.ts';
import { fetchByApt, toUpdateArguments } from './apt-command.ts';
import type { AptLayout } from './apt-layout.ts';
import { leaveOutHosts } from './leave-out-hosts.ts';
import { areListsFresh, markListsFresh } from './list-age.ts';
import { nameLockHolder } from './lock-holder.ts';
import { repairHost } from './repair-host.ts';
import { readSourceHosts, toServiceNames } from './source-hosts.ts';

/** Of every Debian; the stage of a bundle has another. */
const LISTS = '/var/lib/apt/lists';

/** Refreshes the package lists. One dead source does not stop the others: what it needs is tried, told, and left as it was. */
export async function updateLists(options: { readonly force?: boolean }, room: NetworkRoom): Promise<Outcome<AptUpdate>> {
  const layout = await room.aptLayout();
  if (options.force !== true && (await areListsFresh(layout, room))) {
    return { ok: true, value: { refreshed: false, failedHosts: [] }, attempts: 0, waitedMs: 0 };
  }
  const hosts = await readSourceHosts(room);
  const outcome = await runGuarded<AptUpdate>(
    {
      services: toServiceNames(hosts),
      title: 'APT update',
      doing: 'Updating APT package lists',
      timeoutMs: room.settings.timeouts.aptUpdateMs,
      lane: { kind: 'apt' },
      isPartial: true,
      attempt: ({ shutServices, timeoutMs }) => {
        const shut = [...hosts].filter(([, service]) => shutServices.includes(service)).map(([host]) => host);
        return updateOnce({ layout, room, shut, timeoutMs });
      },
      repair: (explanation) => repairHost(explanation, layout, room),
      salvage: (explanation) => salvage(explanation, hosts),
    },
    room,
  );
  if (outcome.ok) await markListsFresh(layout, room);
  if (outcome.ok && room.bundle !== null) await bringLists(room.bundle, room);
  return outcome;
}

/** The stage has an index of its own; the lists of repositories go to where apt will look for them later. */
async function bringLists(bundle: OpenedBundle, { host }: NetworkRoom): Promise<void> {
  for (const { name, sha256 } of bundle.manifest.lists) {
    await host.files.install(bundle.pathOf(sha256), `${LISTS}/${name}`, { mode: 0o644, uid: 0, gid: 0 });
  }
}

async function updateOnce(options: {
  readonly layout: AptLayout;
  readonly room: NetworkRoom;
  readonly shut: readonly string[];
  readonly timeoutMs: number;
}): Promise<AttemptEnd<AptUpdate>> {
  const { layout, room, shut, timeoutMs } = options;
  const reduced = shut.length === 0 ? null : await leaveOutHosts(shut, layout, room);
  try {
    const result = await fetchByApt([...toUpdateArguments(room), ...(reduced?.options ?? [])], timeoutMs, room);
    const explanation = explainRun('apt', result);
    if (explanation.class === 'ok') return { ok: true, value: { refreshed: true, failedHosts: shut } };
    return { ok: false, explanation: await nameLockHolder(explanation, layout, room) };
  } finally {
    await reduced?.remove();
  }
}

/** apt fetches from all sources whatever one of them does, so the lists of the others are new. Trust and this host's own troubles concern all. */
function salvage(explanation: Explanation, hosts: ReadonlyMap<string, string>): AptUpdate | null {
  const { failedHosts } = explanation;
  const concernsAll = ['security', 'local', 'wait-lock', 'repair'].includes(explanation.class);
  const failed = [...hosts.keys()].filter((host) => failedHosts.includes(host));
  if (concernsAll || failed.length === 0 || failed.length === hosts.size) return null;
  return { refreshed: true, failedHosts: failed };
}
