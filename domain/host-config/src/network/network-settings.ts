import { INSTALLER_LIMITS, INSTALLER_TIMEOUTS_MS } from '@breakwater/resilience';

/** What a configuration file says of the network, in milliseconds. `DEFAULT_NETWORK_SETTINGS` are the figures of spec 05. */
export interface NetworkSettings {
  /** Nothing is sent, whatever for. */
  readonly isOffline: boolean;
  readonly retry: RetrySettings;
  readonly breaker: BreakerSettings;
  readonly timeouts: NetworkTimeouts;
  /** By name. The one with the host `*` takes what belongs to no other. */
  readonly services: Readonly<Record<string, ServiceSettings>>;
  readonly healthChecks: HealthCheckSettings;
  readonly apt: AptSettings;
  readonly cache: CacheSettings;
  /** Where downloads and clones may come from, `*.example.org` for all names below; empty: from everywhere. */
  readonly allowedHosts: readonly string[];
}

export interface RetrySettings {
  readonly isEnabled: boolean;
  /** In all, the first one included. */
  readonly attempts: number;
  readonly initialDelayMs: number;
  readonly maxDelayMs: number;
  readonly base: number;
  /** `tenth`: up to a tenth on top, spec 05. `full`: anywhere up to the delay, against herds. */
  readonly jitter: 'tenth' | 'full' | 'none';
  /** A `Retry-After` that asks for more is waited for only so long. */
  readonly retryAfterCapMs: number;
}

export interface BreakerSettings {
  readonly isEnabled: boolean;
  readonly failureThreshold: number;
  readonly recoveryMs: number;
  readonly successThreshold: number;
  /** Each opening that follows a failed probe lasts twice as long, up to this; null: always the same. */
  readonly maxRecoveryMs: number | null;
}

export interface NetworkTimeouts {
  readonly aptUpdateMs: number;
  readonly aptInstallMs: number;
  readonly downloadMs: number;
  readonly gitCloneMs: number;
  readonly httpRequestMs: number;
  readonly connectMs: number;
  /** Longest silence within a transfer. */
  readonly inactivityMs: number;
  /** How long an interrupted dpkg may take to come to its end. */
  readonly dpkgGraceMs: number;
  readonly lockWaitMs: number;
}

export interface ServiceSettings {
  /** Names, `*.example.org` for all below, `*` for the rest. */
  readonly hosts: readonly string[];
  /** Asked by health checks. */
  readonly healthUrl?: string;
  readonly breaker?: Partial<BreakerSettings>;
  readonly retry?: Partial<RetrySettings>;
}

export interface HealthCheckSettings {
  readonly services: readonly string[];
}

export interface CacheSettings {
  /** Of downloads that are kept for later; 0 keeps none. */
  readonly maxBytes: number;
}

export interface AptSettings {
  /** Lists younger than this are not fetched again. */
  readonly cacheValidMs: number;
  readonly allowRemovals: boolean;
}

export const DEFAULT_NETWORK_SETTINGS: NetworkSettings = {
  isOffline: false,
  retry: {
    isEnabled: true,
    attempts: INSTALLER_LIMITS.attempts,
    initialDelayMs: INSTALLER_LIMITS.initialDelayMs,
    maxDelayMs: INSTALLER_LIMITS.maxDelayMs,
    base: INSTALLER_LIMITS.base,
    jitter: 'tenth',
    retryAfterCapMs: 120_000,
  },
  breaker: {
    isEnabled: true,
    failureThreshold: INSTALLER_LIMITS.failureThreshold,
    recoveryMs: INSTALLER_LIMITS.recoveryMs,
    successThreshold: INSTALLER_LIMITS.successThreshold,
    maxRecoveryMs: 600_000,
  },
  timeouts: {
    aptUpdateMs: INSTALLER_TIMEOUTS_MS['apt-update'],
    aptInstallMs: INSTALLER_TIMEOUTS_MS['apt-install'],
    downloadMs: INSTALLER_TIMEOUTS_MS.download,
    gitCloneMs: INSTALLER_TIMEOUTS_MS['git-clone'],
    httpRequestMs: INSTALLER_TIMEOUTS_MS['http-request'],
    connectMs: 10_000,
    inactivityMs: 20_000,
    dpkgGraceMs: 1_800_000,
    lockWaitMs: 300_000,
  },
  services: {
    apt_repository: {
      hosts: ['deb.debian.org', 'security.debian.org'],
      healthUrl: 'http://deb.debian.org/debian/dists/stable/InRelease',
    },
    github: { hosts: ['github.com', 'codeload.github.com', '*.githubusercontent.com'], healthUrl: 'https://api.github.com/meta' },
    docker_hub: {
      hosts: ['download.docker.com', 'registry-1.docker.io', 'auth.docker.io', 'hub.docker.com'],
      healthUrl: 'https://download.docker.com/linux/debian/gpg',
    },
    microsoft_packages: { hosts: ['packages.microsoft.com'], healthUrl: 'https://packages.microsoft.com/keys/microsoft.asc' },
    external_downloads: { hosts: ['*'] },
  },
  healthChecks: { services: ['apt_repository', 'github', 'docker_hub'] },
  apt: { cacheValidMs: 3_600_000, allowRemovals: false },
  cache: { maxBytes: 4 * 1_024 ** 3 },
  allowedHosts: [],
};
