import {
  createNetworkOperations,
  DEFAULT_NETWORK_SETTINGS,
  type DownloadDoor,
  type HostCommand,
  type HostExecutor,
  type NetworkEvent,
  type NetworkOperations,
  type NetworkOperationsOptions,
  type NetworkSettings,
} from '@breakwater/host-config';
import { type Clock, systemClock } from '@breakwater/kernel';
import { createLocalExecutor } from '@breakwater/local-host';

/** A clock on which pauses pass fifty times as fast as they are counted; tools of the host live in real time. */
export function createFastClock(factor = 50): Clock {
  return {
    now: () => systemClock.now() * factor,
    wall: () => systemClock.wall(),
    after: (delayMs, callback, options) => systemClock.after(delayMs / factor, callback, options),
  };
}

export interface NetworkBed {
  readonly network: NetworkOperations;
  readonly events: readonly NetworkEvent[];
  /** Pauses between attempts, as they were decided. */
  delaysMs(): readonly number[];
  attempts(): number;
  readonly commands: readonly (readonly string[])[];
}

/** The network layer with real tools in `env`. The deadlines are long: what is slow is this machine. */
export function openNetworkBed(options: {
  readonly env: Readonly<Record<string, string>>;
  readonly settings?: Partial<NetworkSettings>;
  readonly downloads?: DownloadDoor;
  readonly onEvent?: (event: NetworkEvent) => void;
  readonly parts?: Partial<NetworkOperationsOptions>;
}): NetworkBed {
  const events: NetworkEvent[] = [];
  const commands: (readonly string[])[] = [];
  const { timeouts } = DEFAULT_NETWORK_SETTINGS;
  const network = createNetworkOperations({
    host: withEnv(createLocalExecutor(), { env: options.env, commands }),
    downloads: options.downloads ?? NO_DOWNLOADS,
    cacheFolder: '/nowhere',
    settings: {
      ...DEFAULT_NETWORK_SETTINGS,
      timeouts: { ...timeouts, aptUpdateMs: 6_000_000, aptInstallMs: 6_000_000, gitCloneMs: 6_000_000, inactivityMs: 1_000 },
      ...options.settings,
    },
    clock: createFastClock(),
    onEvent: (event) => {
      events.push(event);
      options.onEvent?.(event);
    },
    ...options.parts,
  });
  return {
    network,
    events,
    commands,
    delaysMs: () => events.flatMap((event) => (event.kind === 'network.retry-scheduled' ? [event.delayMs] : [])),
    attempts: () => Math.max(0, ...events.map((event) => (event.kind === 'network.attempted' ? event.attempt : 0))),
  };
}

const refuse = (): Promise<never> => Promise.reject(new Error('This bed has no door for downloads.'));
const NO_DOWNLOADS: DownloadDoor = { fetch: refuse, find: () => Promise.resolve(null), probe: refuse };

function withEnv(
  host: HostExecutor,
  options: { readonly env: Readonly<Record<string, string>>; readonly commands: (readonly string[])[] },
): HostExecutor {
  return {
    ...host,
    run: (command: HostCommand, context) => {
      options.commands.push(command.argv);
      return host.run({ ...command, env: { ...command.env, ...options.env } }, context);
    },
  };
}
