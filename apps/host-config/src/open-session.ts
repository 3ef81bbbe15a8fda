import { resolve } from 'node:path';
import {
  type ConfigLayer,
  chooseModules,
  type HostExecutor,
  type HostFacts,
  makePlan,
  type NetworkOperations,
  type OpenedBundle,
  type Plan,
  type PlannableModule,
  requireSameTarget,
  type StepContext,
  stageBundle,
} from '@breakwater/host-config';
import { loadSettings, type Settings, type SettingsFlags } from './load-settings.ts';
import type { HostParts, HostTarget, KeptBreakerState } from './parts.ts';
import type { Surroundings } from './surroundings.ts';

export interface SessionFlags extends SettingsFlags {
  readonly module: readonly string[];
  readonly skip: readonly string[];
  readonly host?: string;
  readonly root?: string;
  readonly identity?: string;
  readonly knownHosts?: string;
  readonly stateDir?: string;
  readonly offline?: boolean;
  /** A bundle that everything comes from; needs `offline`. */
  readonly bundle?: string;
  /** Of the bundle as a whole, as its maker has told it. */
  readonly bundleSha256?: string;
}

export interface SessionRoom {
  readonly surroundings: Surroundings;
  readonly parts: HostParts;
  readonly signal: AbortSignal;
  readonly warn: (line: string) => void;
  readonly extra?: readonly ConfigLayer[];
}

/** One host with everything that is needed to look at it and to change it. */
export interface Session {
  readonly settings: Settings;
  readonly host: HostExecutor;
  readonly facts: HostFacts;
  readonly stateDir: string;
  readonly breakers: KeptBreakerState;
  readonly network: NetworkOperations;
  readonly bundle: OpenedBundle | null;
  readonly context: StepContext;
  close(): Promise<void>;
}

export async function openSession(flags: SessionFlags, room: SessionRoom): Promise<Session> {
  const { parts, signal, surroundings, warn } = room;
  const settings = await loadSettings(flags, room);
  const stateDir = flags.stateDir ?? surroundings.defaultStateDir;
  const opened = await parts.openHost(toTarget(flags, surroundings));
  const breakers = parts.openBreakers({ stateDir, warn });
  const closers: (() => unknown)[] = [() => opened.close(), () => breakers.close()];
  const close = async (): Promise<void> => {
    for (const each of closers.splice(0).toReversed()) await each();
  };
  try {
    const facts = await parts.readFacts(opened, { signal });
    const bundle = await openBundle(flags, { ...room, stateDir, facts });
    if (bundle !== null) closers.push(() => bundle.close());
    const stage = bundle === null ? null : await stageBundle(opened, bundle);
    if (stage !== null) closers.push(() => stage.close());
    const host = stage?.host ?? opened;
    const network = parts.openNetwork({
      host,
      resolved: settings.resolved,
      breakers,
      stateDir,
      isOffline: flags.offline === true,
      signal,
      ...(bundle === null ? {} : { bundle }),
    });
    const context: StepContext = { host, network, signal, progress: () => undefined };
    return { settings, host, facts, stateDir, breakers, network, bundle, context, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** All of it is verified, and fits the host, before the host is touched. */
async function openBundle(
  { bundle, bundleSha256 }: SessionFlags,
  { facts, parts, signal, stateDir }: SessionRoom & { readonly facts: HostFacts; readonly stateDir: string },
): Promise<OpenedBundle | null> {
  if (bundle === undefined) return null;
  const opened = await parts.bundles.open(bundle, { folder: resolve(stateDir, 'bundles'), sha256: bundleSha256 ?? null, signal });
  try {
    requireSameTarget(opened.manifest, facts);
    return opened;
  } catch (error) {
    await opened.close();
    throw error;
  }
}

export function toTarget({ host, identity, knownHosts, root }: SessionFlags, { agentSocket, defaultKnownHosts }: Surroundings): HostTarget {
  return {
    address: host ?? null,
    root: root ?? null,
    identity: identity ?? null,
    knownHosts: knownHosts ?? defaultKnownHosts,
    agentSocket,
  };
}

export interface Planned {
  readonly plan: Plan;
  readonly modules: readonly PlannableModule[];
}

/** Chooses the modules, orders them, and asks each step what it would do. */
export async function planSession(session: Session, flags: SessionFlags): Promise<Planned> {
  const { context, facts, settings } = session;
  const chosen = chooseModules({ ...settings, wanted: flags.module, skipped: flags.skip });
  const modules = chosen.toPlannable(facts);
  return { modules, plan: await makePlan({ modules, notes: chosen.notes, facts, profile: settings.profile, context }) };
}
