import type { Explanation } from '../../classify/failure.ts';
import { explainRun } from '../explain-run.ts';
import { type AttemptContext, runGuarded } from '../guarded-run.ts';
import { explainRefusal } from '../known-explanations.ts';
import type { AptInstall, AptInstallOptions, AttemptEnd, Outcome } from '../network-operations.ts';
import type { NetworkRoom } from '../network-room.ts';
import { changeByDpkg, fetchByApt, KEEP_CONFIGURATION, toFetchOptions, toUpdateArguments } from './apt-command.ts';
import type { AptLayout } from './apt-layout.ts';
import { hasLists } from './list-age.ts';
import { nameLockHolder } from './lock-holder.ts';
import { isPackageOrder, readInstalledVersions, toPackageName, toWantedVersion } from './package-states.ts';
import { repairHost } from './repair-host.ts';
import { type Simulation, simulateInstall } from './simulate-install.ts';
import { readArchiveHosts, toServiceNames } from './source-hosts.ts';
import { updateLists } from './update-lists.ts';

const NOTHING: AptInstall = { installed: {}, upgraded: {}, removed: [] };

/** Seconds that apt itself waits for dpkg's lock when the transaction is about to begin. */
const DPKG_LOCK_SECONDS = 60;

/** Downloads may be ended at any time and are repeated; dpkg's part is only ever asked to stop. Done means that dpkg says so. */
export async function installPackages(
  orders: readonly string[],
  options: AptInstallOptions,
  room: NetworkRoom,
): Promise<Outcome<AptInstall>> {
  const strange = orders.find((order) => !isPackageOrder(order));
  if (strange !== undefined) return refuse(`"${strange}" is no name of a package.`);
  const layout = await room.aptLayout();
  const missing = await findMissing(orders, layout, room);
  if (missing.length === 0) return { ok: true, value: NOTHING, attempts: 0, waitedMs: 0 };
  if (options.updateCache !== false) {
    const update = await updateLists({}, room);
    if (!update.ok && !(await mayGoOn(update.explanation, layout, room))) return update;
  }
  const allowRemovals = options.allowRemovals ?? room.settings.apt.allowRemovals;
  const args = ['install', ...(allowRemovals ? [] : ['--no-remove']), ...missing];
  const services = toServiceNames(await readArchiveHosts(args, room));
  return await runGuarded<AptInstall>(
    {
      services,
      title: 'APT install',
      doing: `Installing ${missing.join(', ')}`,
      timeoutMs: room.settings.timeouts.aptInstallMs,
      lane: { kind: 'apt' },
      attempt: async (context) => {
        const end = await installOnce({ args, context, missing, layout, room });
        return end.ok ? end : { ok: false, explanation: await nameLockHolder(end.explanation, layout, room) };
      },
      repair: (explanation) => repairHost(explanation, layout, room),
    },
    room,
  );
}

/** Lists that are a little old still tell where packages are, unless what was wrong is a reason to trust nothing. */
async function mayGoOn({ class: kind }: Explanation, layout: AptLayout, room: NetworkRoom): Promise<boolean> {
  const isServiceAway = kind === 'transient' || kind === 'throttled' || room.settings.isOffline;
  return isServiceAway && (await hasLists(layout, room));
}

async function findMissing(orders: readonly string[], layout: AptLayout, room: NetworkRoom): Promise<readonly string[]> {
  const versions = await readInstalledVersions(orders.map(toPackageName), layout, room);
  return orders.filter((order) => {
    const found = versions.get(toPackageName(order));
    const wanted = toWantedVersion(order);
    return found === undefined || (wanted !== null && wanted !== found);
  });
}

interface InstallAttempt {
  readonly args: readonly string[];
  readonly context: AttemptContext;
  readonly missing: readonly string[];
  readonly layout: AptLayout;
  readonly room: NetworkRoom;
}

async function installOnce({ args, context, layout, missing, room }: InstallAttempt): Promise<AttemptEnd<AptInstall>> {
  const endsAtMs = room.clock.now() + context.timeoutMs;
  const leftMs = (): number => Math.max(1, endsAtMs - room.clock.now());
  // The mirror has newer lists than this host, or is about to.
  if (context.previous?.isMirrorSync === true) await fetchByApt(toUpdateArguments(room), leftMs(), room);
  const coming = await simulateInstall(args, room);
  if (!coming.ok) return coming;
  if (!room.settings.isOffline) {
    const fetched = explainRun('apt', await fetchByApt(['-y', '--download-only', ...toFetchOptions(room), ...args], leftMs(), room));
    if (fetched.class !== 'ok') return { ok: false, explanation: fetched };
  }
  const keep = KEEP_CONFIGURATION.flatMap((option) => ['-o', `Dpkg::Options::=${option}`]);
  const lock = ['-o', `DPkg::Lock::Timeout=${DPKG_LOCK_SECONDS}`];
  const changed = await changeByDpkg(['apt-get', '-y', '--no-download', ...keep, ...lock, ...args], leftMs(), room);
  const explanation = explainRun('apt', changed);
  const proof = await prove(missing, coming.simulation, { layout, room });
  if (proof.ok && (explanation.class === 'ok' || changed.end.kind === 'timed-out')) return proof;
  return explanation.class === 'ok' && !proof.ok ? proof : { ok: false, explanation };
}

/** An exit code of 0 is no proof: dpkg must know every package that was to come, in its version, as wholly installed. */
async function prove(
  missing: readonly string[],
  simulation: Simulation,
  { layout, room }: { readonly layout: AptLayout; readonly room: NetworkRoom },
): Promise<AttemptEnd<AptInstall>> {
  const { changes, removals } = simulation;
  const versions = await readInstalledVersions([...missing.map(toPackageName), ...changes.map(({ name }) => name)], layout, room);
  const absent = changes.filter(({ after, name }) => versions.get(name) !== after).map(({ name }) => name);
  if (absent.length > 0) return { ok: false, explanation: explainAbsent(absent) };
  const installed: Record<string, string> = {};
  const upgraded: Record<string, { readonly before: string; readonly after: string }> = {};
  for (const { after, before, name } of changes) {
    if (before === null) installed[name] = after;
    else upgraded[name] = { before, after };
  }
  return { ok: true, value: { installed, upgraded, removed: removals } };
}

function explainAbsent(names: readonly string[]): Explanation {
  return {
    class: 'unknown',
    code: 'apt.not-installed',
    cause: `apt ended without a complaint, and yet dpkg does not know ${names.slice(0, 5).join(', ')} as installed.`,
    hint: 'Run "dpkg --audit" on the host.',
    failedHosts: [],
    evidence: [],
  };
}

function refuse(cause: string): Outcome<never> {
  const explanation = explainRefusal('apt.pkg.name', cause, 'Correct the name: lower-case letters, digits and + . - only.');
  return { ok: false, reason: 'failed', explanation, service: '', attempts: 0, waitedMs: 0, retryAfterMs: null };
}
