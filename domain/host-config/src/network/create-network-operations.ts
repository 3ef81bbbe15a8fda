import { type Clock, type Random, systemClock, systemRandom } from '@breakwater/kernel';
import type { OpenedBundle } from '../ports/bundle-door.ts';
import type { DownloadDoor } from '../ports/download-door.ts';
import type { HostExecutor } from '../ports/host-executor.ts';
import { createLanes } from '../run/lanes.ts';
import { type AptLayout, readAptLayout } from './apt/apt-layout.ts';
import { installPackages } from './apt/install-packages.ts';
import { updateLists } from './apt/update-lists.ts';
import { reportBreakers } from './breaker-report.ts';
import { checkConnectivity } from './check-connectivity.ts';
import { downloadFile } from './download/download-file.ts';
import { APT_SERVICE } from './find-service.ts';
import type { FleetBreaker } from './fleet-breaker.ts';
import { cloneRepository } from './git/clone-repository.ts';
import { runGuarded } from './guarded-run.ts';
import { checkHealth } from './health/check-health.ts';
import type { GuardedOperation, NetworkEvent, NetworkOperations, Outcome } from './network-operations.ts';
import type { NetworkRoom } from './network-room.ts';
import { DEFAULT_NETWORK_SETTINGS, type NetworkSettings } from './network-settings.ts';
import { type BreakerState, createMemoryBreakerState, createServiceBreakers } from './service-breakers.ts';

export interface NetworkOperationsOptions {
  readonly host: HostExecutor;
  readonly downloads: DownloadDoor;
  /** Absolute; on the side of the configurator. */
  readonly cacheFolder: string;
  /** Taken from before anything else; `host` is then the one of its stage. */
  readonly bundle?: OpenedBundle;
  /** Default: what spec 05 documents. */
  readonly settings?: NetworkSettings;
  /** Where breakers live between commands (`openBreakerState` of the storage). Default: in this process. */
  readonly breakerState?: BreakerState;
  /** Where many hosts are set up at once. Default: each host decides alone. */
  readonly fleetBreaker?: FleetBreaker;
  /** Ends every operation; each then rejects with its reason. Default: never. */
  readonly signal?: AbortSignal;
  /** Whether a repair may remove these packages. Default: no. */
  readonly agreeToRemove?: (packages: readonly string[]) => Promise<boolean>;
  readonly onEvent?: (event: NetworkEvent) => void;
  readonly clock?: Clock;
  readonly random?: Random;
}

export function createNetworkOperations(options: NetworkOperationsOptions): NetworkOperations {
  return toOperations(createNetworkRoom(options));
}

export function createNetworkRoom(options: NetworkOperationsOptions): NetworkRoom {
  const { cacheFolder, clock = systemClock, downloads, host, random = systemRandom, settings = DEFAULT_NETWORK_SETTINGS } = options;
  const signal = options.signal ?? new AbortController().signal;
  let layout: Promise<AptLayout> | null = null;
  const state = options.breakerState ?? createMemoryBreakerState(clock);
  const { fleetBreaker } = options;
  const breakers = createServiceBreakers({ settings, scope: host.hostId, state });
  const tell = options.onEvent ?? (() => undefined);
  return {
    host,
    downloads,
    cacheFolder,
    settings,
    breakers: fleetBreaker === undefined ? breakers : fleetBreaker.guard(breakers),
    lanes: createLanes(),
    clock,
    random,
    aptLayout: () => (layout ??= readAptLayout(host, { signal })),
    signal,
    agreeToRemove: options.agreeToRemove ?? (() => Promise.resolve(false)),
    bundle: options.bundle ?? null,
    tell(event) {
      fleetBreaker?.note(host.hostId, event);
      tell(event);
    },
  };
}

function toOperations(room: NetworkRoom): NetworkOperations {
  return {
    observedBy(listener) {
      const tell = (event: NetworkEvent): void => {
        room.tell(event);
        listener(event);
      };
      return toOperations({ ...room, tell });
    },
    executeWithRetry: (operation) => execute(operation, room),
    aptUpdateWithRetry: (options = {}) => updateLists(options, room),
    aptInstallWithRetry: (packages, options = {}) => installPackages(packages, options, room),
    downloadWithRetry: (request) => downloadFile(request, room),
    gitCloneResilient: (request) => cloneRepository(request, room),
    checkInternetConnectivity: (testUrls = toHealthUrls(room.settings)) => checkConnectivity(testUrls, room),
    checkHealth: (options = {}) => checkHealth(options, room),
    getCircuitBreakerStatus: () => Promise.resolve(reportBreakers(room.breakers)),
  };
}

function execute<T>(operation: GuardedOperation<T>, room: NetworkRoom): Promise<Outcome<T>> {
  const { service, timeoutMs, title } = operation;
  return runGuarded<T>(
    {
      services: [service],
      title,
      doing: title,
      timeoutMs,
      lane: service === APT_SERVICE ? { kind: 'apt' } : { kind: 'service', service },
      attempt: (context) => operation.attempt(context),
      repair: async (explanation) => (await operation.repair?.(explanation, room.signal)) === true,
    },
    room,
  );
}

function toHealthUrls({ services }: NetworkSettings): readonly string[] {
  return Object.values(services).flatMap(({ healthUrl }) => (healthUrl === undefined ? [] : [healthUrl]));
}
