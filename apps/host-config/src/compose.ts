import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  BUILT_IN_MODULES,
  BUILT_IN_PROFILES,
  collectBundle,
  createNetworkOperations,
  type HostExecutor,
  loadPlugins,
  type NetworkOperationsOptions,
  type PluginDoor,
  readHostFacts,
  toNetworkSettings,
} from '@breakwater/host-config';
import { type Logger, OpsError, silentLogger, systemClock } from '@breakwater/kernel';
import { createBundleDoor, createDownloadDoor, createLocalExecutor } from '@breakwater/local-host';
import { openBreakerState } from '@breakwater/storage/breaker-state';
import type { HostParts, HostTarget, NetworkOrder } from './parts.ts';

/** The whole program, put together by hand. What only some commands need is loaded when they do, because most calls are short. */
export function composeParts(): HostParts {
  const clock = systemClock;
  const toNetworkOptions = ({ breakers, bundle, host, isOffline, resolved, signal, stateDir }: NetworkOrder): NetworkOperationsOptions => ({
    host,
    downloads: createDownloadDoor(),
    cacheFolder: join(resolve(stateDir), 'cache'),
    settings: toNetworkSettings(resolved.config, { isOffline }),
    breakerState: breakers,
    signal,
    clock,
    ...(bundle === undefined ? {} : { bundle }),
  });
  return {
    clock,
    modules: BUILT_IN_MODULES,
    profiles: BUILT_IN_PROFILES,
    loadPlugins: (paths) => loadPlugins({ paths, door: createPluginDoor(), known: BUILT_IN_MODULES }),
    toHostId,
    openHost: (target) => openHost(target),
    readFacts: readHostFacts,
    openNetwork: (order) => createNetworkOperations(toNetworkOptions(order)),
    bundles: createBundleDoor(),
    collectBundle: (order) =>
      collectBundle({ ...order, target: toNetworkOptions(order), workbench: createLocalExecutor(), wallMs: () => clock.wall() }),
    openRuns: async ({ command, stateDir }) => {
      const { openRunStore } = await import('@breakwater/storage/host-runs');
      return await openRunStore({ stateDir, clock, command });
    },
    openBreakers: ({ stateDir, warn }) => openBreakerState({ path: join(stateDir, 'state.db'), logger: createWarner(warn), clock }),
  };
}

function toHostId({ address, root }: HostTarget): string {
  if (address !== null) return address;
  return root === null ? 'local' : `tree:${resolve(root)}`;
}

async function openHost(target: HostTarget): Promise<HostExecutor> {
  const { address, agentSocket, identity, knownHosts, root } = target;
  const hostId = toHostId(target);
  if (address === null) return createLocalExecutor(root === null ? { hostId } : { hostId, root });
  const { createSshExecutor } = await import('@breakwater/ssh');
  return await createSshExecutor({
    ...parseAddress(address),
    hostId,
    knownHostsPath: knownHosts,
    ...(identity === null ? {} : { keyPath: identity }),
    ...(agentSocket === null ? {} : { agentSocket }),
  });
}

/** `user@host`, `user@host:2222`, `user@[2001:db8::7]:2222`. */
export function parseAddress(text: string): { readonly user: string; readonly host: string; readonly port: number } {
  const match = /^([^@\s]{1,32})@(?:\[([0-9A-Fa-f:.]{2,45})\]|([^:@\s[\]]{1,253}))(?::(\d{1,5}))?$/.exec(text);
  if (match === null) {
    throw new OpsError({
      code: 'HOST_USAGE_TARGET',
      message: `"${text.slice(0, 80)}" is no host; write it as user@host or user@host:port.`,
    });
  }
  return { user: match[1] ?? '', host: match[2] ?? match[3] ?? '', port: Number(match[4] ?? 22) };
}

function createPluginDoor(): PluginDoor {
  return {
    async load(path) {
      const loaded = (await import(pathToFileURL(path).href)) as { readonly module?: unknown };
      return loaded.module;
    },
  };
}

/** Warnings of the storage reach a person; the rest of what it logs is for services. */
function createWarner(warn: (line: string) => void): Logger {
  return { ...silentLogger, warn: (message) => warn(message) };
}
