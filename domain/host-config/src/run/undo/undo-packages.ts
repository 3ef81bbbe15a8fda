import { OpsError } from '@breakwater/kernel';
import type { UndoRecord } from '../../plan/undo.ts';
import { runChecked } from '../../resources/command/run-checked.ts';
import { readInstalledPackages, simulateApt } from '../../resources/packages/installed-packages.ts';
import type { UndoContext } from './undo.ts';

/** dpkg is never cut down: it is asked to stop and then waited for. */
const DPKG_GRACE_MS = 1_800_000;
const TIMEOUT_MS = 600_000;

type Installed = Extract<UndoRecord, { readonly kind: 'packages.installed' }>;
type Upgraded = Extract<UndoRecord, { readonly kind: 'packages.upgraded' }>;
type Held = Extract<UndoRecord, { readonly kind: 'packages.held' }>;

/** Removes what came with the run, configuration files included, if nothing else would have to go with it. */
export async function undoInstalled({ names }: Installed, context: UndoContext): Promise<void> {
  const present = [...(await readInstalledPackages(names, context)).keys()];
  if (present.length === 0) return;
  const { remove } = await simulateApt(['purge', '--no-auto-remove', ...present], context);
  const foreign = remove.filter((name) => !present.includes(name));
  if (foreign.length > 0 && context.whenChanged === 'refuse') {
    throw new OpsError({
      code: 'HOST_UNDO_CONFLICT',
      message: `Removing ${present.join(', ')} would also remove ${foreign.join(', ')}, which came later; they stay.`,
      details: { packages: foreign, hint: 'Remove those first, or use --force.' },
    });
  }
  await runApt(['purge', '--no-auto-remove', ...present], context);
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

export async function undoHeld({ before, name }: Held, context: UndoContext): Promise<void> {
  await runChecked({ argv: ['apt-mark', before === 'hold' ? 'hold' : 'unhold', name], timeoutMs: 30_000 }, context, {
    code: 'HOST_UNDO_FAILED',
    message: `${name} could not be marked`,
  });
}

async function runApt(args: readonly string[], context: UndoContext): Promise<void> {
  await runChecked(
    {
      argv: ['apt-get', '-y', '-o', 'DPkg::Lock::Timeout=60', '-o', 'Dpkg::Options::=--force-confdef', ...args],
      env: { DEBIAN_FRONTEND: 'noninteractive' },
      timeoutMs: TIMEOUT_MS,
      onTimeout: 'interrupt',
      graceMs: DPKG_GRACE_MS,
      weight: 'long',
    },
    context,
    { code: 'HOST_UNDO_FAILED', message: `apt-get ${args.join(' ')} failed` },
  );
}
