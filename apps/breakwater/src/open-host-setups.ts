import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Fleet } from '@breakwater/fleet';
import {
  BUILT_IN_MODULES,
  BUILT_IN_PROFILES,
  createFleetBreaker,
  createHostSetups,
  createNetworkOperations,
  type HostDoor,
  type HostSetups,
  loadPlugins,
  toNetworkSettings,
} from '@breakwater/host-config';
import { type Clock, type Logger, OpsError } from '@breakwater/kernel';
import { createDownloadDoor } from '@breakwater/local-host';
import { createSshDoor, removeLeftFolders } from '@breakwater/ssh';
import { openBreakerState, openRunStore, type Storage } from '@breakwater/storage';

export interface OpenedHostSetups {
  readonly setups: HostSetups;
  close(): Promise<void>;
}

export interface OpenHostSetupsOptions {
  readonly fleet: Fleet;
  readonly storage: Storage;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Runs, breakers and downloads; made when missing. */
  readonly stateDir: string;
  readonly atOnce: number;
  /** Files of modules. */
  readonly plugins: readonly string[];
  /** `simulated`: nothing is behind their addresses, or somebody else's machine is. */
  readonly machines: 'real' | 'simulated';
}

/** Wires the setting up of machines over SSH by hand. */
export async function openHostSetups(options: OpenHostSetupsOptions): Promise<OpenedHostSetups> {
  const { atOnce, clock, fleet, logger, machines, plugins, storage } = options;
  const stateDir = resolve(options.stateDir);
  const modules = [...BUILT_IN_MODULES, ...(await loadPlugins({ paths: plugins, door: { load: loadPlugin }, known: BUILT_IN_MODULES }))];
  if (machines === 'real') await removeLeftFolders();
  const runs = await openRunStore({ stateDir, clock, command: 'portal' });
  const breakerState = openBreakerState({ path: join(stateDir, 'state.db'), logger, clock });
  const fleetBreaker = createFleetBreaker({ state: breakerState, clock });
  const downloads = createDownloadDoor();
  const setups = createHostSetups({
    machines: fleet,
    journal: fleet.journal,
    logins: storage.hostLogins,
    keys: storage.hostKeys,
    setups: storage.hostSetups,
    runs,
    door: machines === 'real' ? createSshDoor() : createSimulatedDoor(),
    clock,
    logger,
    atOnce,
    modules,
    profiles: BUILT_IN_PROFILES,
    openNetwork: ({ config, host, signal }) =>
      createNetworkOperations({
        host,
        downloads,
        cacheFolder: join(stateDir, 'cache'),
        settings: toNetworkSettings(config, { isOffline: false }),
        breakerState,
        fleetBreaker,
        signal,
        clock,
      }),
  });
  return {
    setups,
    async close() {
      await setups.stop();
      breakerState.close();
      await runs.close();
    },
  };
}

async function loadPlugin(path: string): Promise<unknown> {
  const loaded = (await import(pathToFileURL(path).href)) as { readonly module?: unknown };
  return loaded.module;
}

/** The addresses of simulated machines are made up: in the network of whoever tries the demo, a real machine may have one of them. */
function createSimulatedDoor(): HostDoor {
  const refuse = (): Promise<never> =>
    Promise.reject(
      new OpsError({
        code: 'HOST_SETUP_SIMULATED',
        message:
          'This machine is simulated: no system runs in it that could be reached over SSH. Add a real server to set its machines up.',
      }),
    );
  return { ...createSshDoor(), lookUpKey: refuse, open: refuse, countLeftOvers: refuse };
}
