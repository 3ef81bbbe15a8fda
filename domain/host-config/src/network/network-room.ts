import type { Clock, Random } from '@breakwater/kernel';
import type { OpenedBundle } from '../ports/bundle-door.ts';
import type { DownloadDoor } from '../ports/download-door.ts';
import type { HostExecutor } from '../ports/host-executor.ts';
import type { Lanes } from '../run/lanes.ts';
import type { AptLayout } from './apt/apt-layout.ts';
import type { NetworkEvent } from './network-operations.ts';
import type { NetworkSettings } from './network-settings.ts';
import type { ServiceBreakers } from './service-breakers.ts';

/** What every operation of the network layer works with. */
export interface NetworkRoom {
  readonly host: HostExecutor;
  readonly downloads: DownloadDoor;
  readonly settings: NetworkSettings;
  readonly breakers: ServiceBreakers;
  readonly lanes: Lanes;
  readonly clock: Clock;
  readonly random: Random;
  /** Asked of the host once. */
  readonly aptLayout: () => Promise<AptLayout>;
  /** Of the whole run: ends every operation. */
  readonly signal: AbortSignal;
  /** Folder on the side of the configurator that holds what was downloaded. */
  readonly cacheFolder: string;
  /** Verified, and taken from before anything else; null: there is none. */
  readonly bundle: OpenedBundle | null;
  /** Whether a repair may remove these packages. */
  readonly agreeToRemove: (packages: readonly string[]) => Promise<boolean>;
  readonly tell: (event: NetworkEvent) => void;
}
