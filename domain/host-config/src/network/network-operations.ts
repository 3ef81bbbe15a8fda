import type { Explanation } from '../classify/failure.ts';
import type { HealthOptions, ServiceHealth } from './health/service-health.ts';

/**
 * The network layer of spec 05: every operation is bounded in time, repeated only where that can help, and guarded by the breaker of the
 * service it needs. Success is proven (lists fetched without a warning, package installed in the wanted version, HEAD there, hash right), never
 * taken from an exit code. All methods resolve with an outcome; they reject only with the signal's reason.
 */
export interface NetworkOperations {
  /** The same layer, telling `listener` too what it does for this caller. */
  observedBy(listener: (event: NetworkEvent) => void): NetworkOperations;
  /** Any operation of a service: the caller's `attempt` says what happened, the layer decides about repeating. */
  executeWithRetry<T>(operation: GuardedOperation<T>): Promise<Outcome<T>>;
  /** Lists younger than `cacheValidMs` count as fresh, and then nothing is asked. */
  aptUpdateWithRetry(options?: { readonly force?: boolean }): Promise<Outcome<AptUpdate>>;
  /** Two phases: download (may be killed), then dpkg (may only be interrupted). No network at all when everything is there. */
  aptInstallWithRetry(packages: readonly string[], options?: AptInstallOptions): Promise<Outcome<AptInstall>>;
  downloadWithRetry(request: DownloadOrder): Promise<Outcome<DownloadResult>>;
  gitCloneResilient(request: CloneOrder): Promise<Outcome<CloneResult>>;
  checkInternetConnectivity(testUrls?: readonly string[]): Promise<boolean>;
  /** Asks services how they are, all at once. */
  checkHealth(options?: HealthOptions): Promise<readonly ServiceHealth[]>;
  /** Per service in the names of spec 05: `state`, `failure_count`, `total_calls` … */
  getCircuitBreakerStatus(): Promise<Readonly<Record<string, BreakerStatus>>>;
}

/** What the layer does beside answering; `toNetworkLines` puts it in the words of spec 05. */
export type NetworkEvent =
  /** `doing`: "Updating APT package lists". */
  | { readonly kind: 'network.started'; readonly service: string; readonly title: string; readonly doing: string }
  | {
      readonly kind: 'network.attempted';
      readonly service: string;
      readonly title: string;
      readonly attempt: number;
      readonly attempts: number;
    }
  | {
      readonly kind: 'network.retry-scheduled';
      readonly service: string;
      readonly title: string;
      readonly attempt: number;
      readonly attemptsLeft: number;
      readonly delayMs: number;
      readonly explanation: Explanation;
    }
  /** Went well, though not at once. */
  | { readonly kind: 'network.rescued'; readonly service: string; readonly title: string; readonly attempts: number }
  | { readonly kind: 'network.succeeded'; readonly service: string; readonly title: string; readonly attempts: number }
  | {
      readonly kind: 'network.failed';
      readonly service: string;
      readonly title: string;
      readonly attempts: number;
      readonly reason: FailureReason;
      readonly explanation: Explanation;
    }
  /** Mended before the next attempt, which uses up none of the attempts. */
  | { readonly kind: 'network.repaired'; readonly title: string; readonly explanation: Explanation }
  /** `waitedMs`: the pause that begins now. */
  | {
      readonly kind: 'network.lock-waited';
      readonly title: string;
      readonly holder: { readonly pid: number; readonly name: string } | null;
      readonly waitedMs: number;
    }
  /** dpkg was asked to stop and is never cut off; told when that begins and every 30 s. `waitedMs`: since it was asked. */
  | { readonly kind: 'network.dpkg-waited'; readonly title: string; readonly waitedMs: number }
  | { readonly kind: 'network.breaker-changed'; readonly service: string; readonly state: 'closed' | 'open' | 'half_open' };

/** `breaker`: nothing was sent, the service is known to be down. */
export type FailureReason = 'failed' | 'breaker' | 'offline' | 'timeout' | 'lock-timeout';

export interface GuardedOperation<T> {
  /** `apt_repository`, `github`, `docker_hub`, `microsoft_packages`, `external_downloads`, or one of the configuration's own. */
  readonly service: string;
  readonly title: string;
  /** The whole operation, repetitions and pauses included. */
  readonly timeoutMs: number;
  /** One attempt; must end when the signal aborts. */
  attempt(context: { readonly number: number; readonly signal: AbortSignal; readonly timeoutMs: number }): Promise<AttemptEnd<T>>;
  /** For class `repair`; false when a person must agree first. Runs once. */
  repair?(explanation: Explanation, signal: AbortSignal): Promise<boolean>;
}

export type AttemptEnd<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly explanation: Explanation };

export type Outcome<T> =
  | { readonly ok: true; readonly value: T; readonly attempts: number; readonly waitedMs: number }
  | {
      readonly ok: false;
      readonly reason: FailureReason;
      readonly explanation: Explanation;
      readonly service: string;
      readonly attempts: number;
      readonly waitedMs: number;
      readonly retryAfterMs: number | null;
    };

export interface AptUpdate {
  readonly refreshed: boolean;
  /** Sources that failed while others worked. */
  readonly failedHosts: readonly string[];
}

export interface AptInstallOptions {
  /** Default true: update first, and only when something must be installed. */
  readonly updateCache?: boolean;
  readonly allowRemovals?: boolean;
}

export interface AptInstall {
  /** `name` to version, of what was not there before. */
  readonly installed: Readonly<Record<string, string>>;
  readonly upgraded: Readonly<Record<string, { readonly before: string; readonly after: string }>>;
  readonly removed: readonly string[];
}

export interface DownloadOrder {
  /** The same file at several places; the next one is asked when one is down. */
  readonly urls: readonly [string, ...string[]];
  readonly dest: string;
  readonly sha256: string | null;
  readonly verifySsl?: boolean;
  readonly mode?: number;
  readonly timeoutMs?: number;
}

export interface DownloadResult {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly transferredBytes: number;
  readonly fromCache: boolean;
}

export interface CloneOrder {
  readonly url: string;
  readonly dest: string;
  /** Default 1; 0 takes the whole history. */
  readonly depth?: number;
  readonly branch?: string;
  /** A commit that HEAD must be; it is asked for directly. */
  readonly commit?: string;
}

export interface CloneResult {
  readonly path: string;
  readonly commit: string;
}

export interface BreakerStatus {
  readonly state: 'closed' | 'open' | 'half_open';
  readonly failure_count: number;
  readonly failure_threshold: number;
  readonly total_calls: number;
  /** Seconds; null unless open. */
  readonly time_until_retry: number | null;
  readonly opened_at: string | null;
  readonly last_failure: string | null;
  readonly opened_times: number;
}
