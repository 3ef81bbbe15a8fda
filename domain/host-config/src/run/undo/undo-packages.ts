import { isOpsError, OpsError } from '@breakwater/kernel';
import type { UndoRecord } from '../../plan/undo.ts';
import { runChecked } from '../../resources/command/run-checked.ts';
import { readInstalledPackages, simulateApt } from '../../resources/packages/installed-packages.ts';
import type { UndoContext } from './undo.ts';

/** dpkg is never cut down: it is asked to stop and then waited for. */
const DPKG_GRACE_MS = 1_800_000;
const TIMEOUT_MS = 600_000;

type Installed = Extract<UndoRecord, { readonly kind: 'packages.installed' }>;
type Removed = Extract<UndoRecord, { readonly kind: 'packages.removed' }>;
type Upgraded = Extract<UndoRecord, { readonly kind: 'packages.upgraded' }>;
type Held = Extract<UndoRecord, { readonly kind: 'packages.held' }>;

/** Removes what came with the run, configuration files included, if nothing else would have to go with it. */
export async function undoInstalled({ hadConfiguration = [], names }: Installed, context: UndoContext): Promise<void> {
  const found = await readInstalledPackages(names, context);
  const present = [...found.keys()].filter((name) => !hadConfiguration.includes(name) || found.get(name)?.isComplete === true);
  if (present.length === 0) return;
  // "name-" after purge would purge it too, so those that keep their configuration go in a run of their own.
  const kept = present.filter((name) => hadConfiguration.includes(name));
  const purged = present.filter((name) => !hadConfiguration.includes(name));
  const { remove } = await simulateApt(['remove', '--no-auto-remove', ...present], context);
  const foreign = remove.filter((name) => !present.includes(name));
  if (foreign.length > 0 && context.whenChanged === 'refuse') {
    throw new OpsError({
      code: 'HOST_UNDO_CONFLICT',
      message: `Removing ${present.join(', ')} would also remove ${foreign.join(', ')}, which came later; they stay.`,
      details: { packages: foreign, hint: 'Remove those first, or use --force.' },
    });
  }
  if (kept.length > 0) await runApt(['remove', '--no-auto-remove', ...kept], context);
  if (purged.length > 0) await runApt(['purge', '--no-auto-remove', ...purged], context);
}

/** In the version that was there, or the one that can be had when that is gone from the mirrors. */
export async function undoRemoved({ versions }: Removed, context: UndoContext): Promise<void> {
  const present = await readInstalledPackages(
    versions.map(({ name }) => name),
    context,
  );
  const missing = versions.filter(({ name }) => present.get(name)?.isComplete !== true);
  if (missing.length === 0) return;
  const exact = missing.map(({ name, version }) => `${name}=${version}`);
  const names = missing.map(({ name }) => name);
  const isThere = await canInstall(exact, context);
  if (!isThere) context.progress(`The versions that were there are gone from the mirrors: ${exact.join(', ')}.`);
  await runApt(['install', '--no-remove', ...(isThere ? exact : names)], context);
}

async function canInstall(wanted: readonly string[], context: UndoContext): Promise<boolean> {
  try {
    await simulateApt(['install', ...wanted], context);
    return true;
  } catch (error) {
    context.signal.throwIfAborted();
    if (isOpsError(error) && error.code === 'HOST_APT_SIMULATION_FAILED') return false;
    throw error;
  }
}

export async function undoUpgraded({ versions }: Upgraded, context: UndoContext): Promise<void> {
  const present = await readInstalledPackages(
    versions.map(({ name }) => name),
    context,
  );
  const back = versions.filter(({ before, name }) => present.has(name) && present.get(name)?.version !== before);
  if (back.length === 0) return;
  await runApt(['install', '--allow-downgrades', '--no-remove', ...back.map(({ before, name }) => `${name}=${before}`)], context);
}

/** A package that is gone has no mark. */
export async function undoHeld({ before, name }: Held, context: UndoContext): Promise<void> {
  const found = (await readInstalledPackages([name], context)).get(name);
  if (found === undefined || found.isHeld === (before === 'hold')) return;
  await runChecked({ argv: ['apt-mark', before === 'hold' ? 'hold' : 'unhold', name], timeoutMs: 30_000 }, context, {
    code: 'HOST_UNDO_FAILED',
    message: `${name} could not be marked`,
  });
}

async function runApt(args: readonly string[], context: UndoContext): Promise<void> {
  await runChecked(
    {
      argv: [
        'apt-get',
        '-y',
        '-o',
        'DPkg::Lock::Timeout=60',
        '-o',
        'Dpkg::Options::=--force-confdef',
        '-o',
        'Dpkg::Options::=--force-confold',
        ...args,
      ],
      // sudo refuses to be removed while root has no password; it was not there before the run, and root's password is as it was.
      env: { DEBIAN_FRONTEND: 'noninteractive', SUDO_FORCE_REMOVE: 'yes' },
      timeoutMs: TIMEOUT_MS,
      onTimeout: 'interrupt',
      graceMs: DPKG_GRACE_MS,
      weight: 'long',
    },
    context,
    { code: 'HOST_UNDO_FAILED', message: `apt-get ${args.join(' ')} failed` },
  );
}
