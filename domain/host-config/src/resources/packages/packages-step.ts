import { isOpsError } from '@breakwater/kernel';
import type { ApplyContext, Change, Step, StepContext } from '../../plan/step.ts';
import { toNetworkError } from '../transfer/network-error.ts';
import { type InstalledPackage, readInstalledPackages, type SimulatedChange, simulateApt } from './installed-packages.ts';

export interface PackagesStepOptions {
  /** Unique within the module; default `packages`. */
  readonly id?: string;
  readonly names: readonly string[];
  /** Exact versions of some of them. */
  readonly versions?: Readonly<Record<string, string>>;
  /** Packages that may go when these come. Default: none, and then a conflict fails instead of removing. */
  readonly allowRemovals?: boolean;
  /** Their source is made by an earlier step of the same run, so that apt may not know them yet while planning. */
  readonly isSourceComing?: boolean;
  readonly isOptional?: boolean;
}

/** Debian packages that must be installed. Nothing on the network is asked when they are. */
export function createPackagesStep(options: PackagesStepOptions): Step {
  const { names } = options;
  return {
    id: options.id ?? 'packages',
    title: names.length === 1 ? `Install ${names[0]}` : `Install ${names.length} packages`,
    lane: { kind: 'apt' },
    ...(options.isOptional === true ? { isOptional: true } : {}),
    async plan(context) {
      const missing = await findMissing(options, context);
      return missing.length === 0 ? null : await describe(missing, options, context);
    },
    async apply(context) {
      const missing = await findMissing(options, context);
      if (missing.length === 0) return;
      const done = await recordBefore(missing, options, context);
      const outcome = await context.network.aptInstallWithRetry(missing, options.allowRemovals === true ? { allowRemovals: true } : {});
      if (!outcome.ok) throw toNetworkError(outcome, 'HOST_PACKAGES_FAILED');
      await done();
    },
  };
}

const toWanted = (name: string, { versions = {} }: PackagesStepOptions): string => {
  const version = versions[name];
  return version === undefined ? name : `${name}=${version}`;
};

async function findMissing(options: PackagesStepOptions, context: StepContext): Promise<readonly string[]> {
  const installed = await readInstalledPackages(options.names, context);
  return options.names.filter((name) => !isAsWanted(installed.get(name), options.versions?.[name])).map((name) => toWanted(name, options));
}

function isAsWanted(found: InstalledPackage | undefined, version: string | undefined): boolean {
  return found?.isComplete === true && (version === undefined || found.version === version);
}

async function describe(missing: readonly string[], options: PackagesStepOptions, context: StepContext): Promise<Change> {
  const change = await simulate(missing, options, context);
  const dangers =
    change.remove.length === 0
      ? []
      : [
          `It removes ${change.remove.join(', ')}${options.allowRemovals === true ? '' : ', and is refused as long as removals are not allowed'}.`,
        ];
  return {
    summary: `install ${missing.join(', ')}`,
    details: [{ kind: 'packages', ...toNames(change) }],
    dangers,
    fetches: [{ kind: 'packages', orders: missing }],
  };
}

async function simulate(missing: readonly string[], options: PackagesStepOptions, context: StepContext): Promise<SimulatedChange> {
  try {
    return await simulateApt(['install', ...missing], context);
  } catch (error) {
    context.signal.throwIfAborted();
    const isExpected = options.isSourceComing === true || !(await hasLists(context));
    if (!isOpsError(error) || error.code !== 'HOST_APT_SIMULATION_FAILED' || !isExpected) throw error;
    return { install: missing, upgrade: [], remove: [] };
  }
}

/** A host that has never updated knows no package at all; a plan reads and does not update. */
async function hasLists({ host }: StepContext): Promise<boolean> {
  return (await host.files.list('/var/lib/apt/lists'))?.some((name) => name.includes('_Packages')) === true;
}

/**
 * What will be new and what will change, told to the journal before it happens. The simulation is made on lists as fresh as those of the installation, or a
 * dependency that the old lists did not know would stay behind after a rollback.
 */
async function recordBefore(missing: readonly string[], options: PackagesStepOptions, context: ApplyContext): Promise<() => Promise<void>> {
  const update = await context.network.aptUpdateWithRetry();
  if (!update.ok) context.progress(`The package lists stay as they are: ${update.explanation.cause}`);
  const { install, remove, upgrade } = await simulate(missing, options, context);
  const names = install.map(toBareName);
  const hadConfiguration = [...(await readInstalledPackages(names, context)).keys()];
  const going = await readInstalledPackages(remove, context);
  const marks: (() => Promise<void>)[] = [];
  // Taken back from below: what is new goes first, for it may need the upgrades, and conflicts with what went.
  if (going.size > 0) {
    const versions = [...going.values()].map(({ name, version }) => ({ name, version }));
    marks.push(await context.record({ kind: 'packages.removed', versions }));
  }
  if (upgrade.length > 0) marks.push(await context.record({ kind: 'packages.upgraded', versions: upgrade }));
  if (install.length > 0) marks.push(await context.record({ kind: 'packages.installed', names, hadConfiguration }));
  return async () => {
    for (const mark of marks) await mark();
  };
}

const toBareName = (wanted: string): string => wanted.replace(/=.*$/, '');

function toNames({ install, remove, upgrade }: SimulatedChange): {
  readonly install: readonly string[];
  readonly upgrade: readonly string[];
  readonly remove: readonly string[];
} {
  return { install, remove, upgrade: upgrade.map(({ after, before, name }) => `${name} ${before} → ${after}`) };
}
