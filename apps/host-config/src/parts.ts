import type {
  BundleDoor,
  BundleManifest,
  CollectBundleOptions,
  HostExecutor,
  HostFacts,
  HostModule,
  HostProfile,
  NetworkOperations,
  OpenedBundle,
  ResolvedConfig,
  RunStore,
} from '@breakwater/host-config';
import type { Clock } from '@breakwater/kernel';
import type { KeptHost, KeptStore } from '@breakwater/resilience';

export interface HostTarget {
  /** `user@host`, or null: this machine. */
  readonly address: string | null;
  /** A tree of this machine instead of the machine itself. */
  readonly root: string | null;
  /** Of SSH: a private key, or null: the agent is asked. */
  readonly identity: string | null;
  readonly agentSocket: string | null;
  /** The only keys of hosts that are believed. */
  readonly knownHosts: string;
}

export interface KeptBreakerState {
  readonly store: KeptStore;
  readonly host: KeptHost;
  /** `memory`: the state folder cannot be written. */
  readonly kept: 'file' | 'memory';
  close(): void;
}

export interface NetworkOrder {
  readonly host: HostExecutor;
  readonly resolved: ResolvedConfig;
  readonly breakers: KeptBreakerState;
  readonly stateDir: string;
  readonly isOffline: boolean;
  /** `host` is then the one of its stage. */
  readonly bundle?: OpenedBundle;
  readonly signal: AbortSignal;
}

export type OpenedRuns = RunStore & { close(): Promise<void> };

/** What the commands are made of; `compose.ts` puts the real ones together. */
export interface HostParts {
  readonly clock: Clock;
  readonly modules: readonly HostModule[];
  readonly profiles: readonly HostProfile[];
  loadPlugins(paths: readonly string[]): Promise<readonly HostModule[]>;
  /** Scope of runs and breakers; needs no connection. */
  toHostId(target: HostTarget): string;
  openHost(target: HostTarget): Promise<HostExecutor>;
  readFacts(host: HostExecutor, options: { readonly signal: AbortSignal }): Promise<HostFacts>;
  openNetwork(order: NetworkOrder): NetworkOperations;
  readonly bundles: BundleDoor;
  collectBundle(order: NetworkOrder & Omit<CollectBundleOptions, 'target' | 'workbench' | 'wallMs'>): Promise<BundleManifest>;
  openRuns(options: { readonly stateDir: string; readonly command: string }): Promise<OpenedRuns>;
  openBreakers(options: { readonly stateDir: string; readonly warn: (line: string) => void }): KeptBreakerState;
}
