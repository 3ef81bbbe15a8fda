import type { NetworkSettings, ServiceSettings } from '../network/network-settings.ts';
import type { HostConfig } from './host-config-schema.ts';

type ServiceBreaker = HostConfig['performance']['circuit_breaker']['services'][string];

const MIB = 1_024 ** 2;

/** The settings as the network layer takes them: in milliseconds. */
export function toNetworkSettings(config: HostConfig, options: { readonly isOffline: boolean }): NetworkSettings {
  const { circuit_breaker: breaker, download_cache: cache, health_checks: health, network_retry: retry, timeouts } = config.performance;
  return {
    isOffline: options.isOffline,
    retry: {
      isEnabled: retry.enabled,
      attempts: retry.max_retries,
      initialDelayMs: toMs(retry.initial_delay),
      maxDelayMs: toMs(retry.max_delay),
      base: retry.exponential_base,
      jitter: !retry.jitter ? 'none' : retry.jitter_mode === 'full' ? 'full' : 'tenth',
      retryAfterCapMs: toMs(retry.retry_after_cap),
    },
    breaker: {
      isEnabled: breaker.enabled,
      failureThreshold: breaker.failure_threshold,
      recoveryMs: toMs(breaker.timeout),
      successThreshold: breaker.success_threshold,
      maxRecoveryMs: toMs(breaker.max_timeout),
    },
    timeouts: {
      aptUpdateMs: toMs(timeouts.apt_update),
      aptInstallMs: toMs(timeouts.apt_install),
      downloadMs: toMs(timeouts.download),
      gitCloneMs: toMs(timeouts.git_clone),
      httpRequestMs: toMs(timeouts.http_request),
      connectMs: toMs(timeouts.connect),
      inactivityMs: toMs(timeouts.inactivity),
      dpkgGraceMs: toMs(timeouts.dpkg_grace),
      lockWaitMs: toMs(timeouts.lock_wait),
    },
    services: Object.fromEntries(
      Object.entries(config.services).map(([name, service]) => [name, toService(service, breaker.services[name])]),
    ),
    healthChecks: { services: health.services },
    apt: { cacheValidMs: toMs(config.apt.cache_valid), allowRemovals: config.apt.allow_removals },
    cache: { maxBytes: cache.max_size_mib * MIB },
    allowedHosts: config.security.allowed_hosts,
  };
}

const toMs = (seconds: number): number => Math.round(seconds * 1_000);

function toService(service: HostConfig['services'][string], breaker: ServiceBreaker | undefined): ServiceSettings {
  const { failure_threshold: failureThreshold, max_timeout: max, success_threshold: successThreshold, timeout } = breaker ?? {};
  const own = {
    ...(failureThreshold === undefined ? {} : { failureThreshold }),
    ...(successThreshold === undefined ? {} : { successThreshold }),
    ...(timeout === undefined ? {} : { recoveryMs: toMs(timeout) }),
    ...(max === undefined ? {} : { maxRecoveryMs: toMs(max) }),
  };
  return {
    hosts: service.hosts,
    ...(service.health_url === null ? {} : { healthUrl: service.health_url }),
    ...(Object.keys(own).length === 0 ? {} : { breaker: own }),
  };
}
