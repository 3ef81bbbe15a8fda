import { formatInstant } from '@breakwater/kernel';
import type { BreakerStatus } from './network-operations.ts';
import type { ServiceBreakers } from './service-breakers.ts';

/** In the names of spec 05. Changes nothing. */
export function reportBreakers(breakers: ServiceBreakers): Readonly<Record<string, BreakerStatus>> {
  const entries = breakers.services().map((service) => [service, toStatus(service, breakers)] as const);
  return Object.fromEntries(entries);
}

function toStatus(service: string, breakers: ServiceBreakers): BreakerStatus {
  const threshold = breakers.settingsOf(service).failureThreshold;
  const status = breakers.status(service);
  if (status === null) {
    return {
      state: 'closed',
      failure_count: 0,
      failure_threshold: threshold,
      total_calls: 0,
      time_until_retry: null,
      opened_at: null,
      last_failure: null,
      opened_times: 0,
    };
  }
  const { failures, lastFailure, openedAtWallMs, retryAfterMs, state, totals } = status;
  return {
    // A probe that is due is allowed to whoever calls next.
    state: state === 'probe-due' || state === 'probe-running' ? 'half_open' : state,
    failure_count: failures,
    failure_threshold: threshold,
    total_calls: totals.calls,
    time_until_retry: state === 'open' ? Math.ceil(retryAfterMs / 100) / 10 : null,
    opened_at: openedAtWallMs === null ? null : formatInstant(openedAtWallMs),
    last_failure: lastFailure === null ? null : lastFailure.text,
    opened_times: totals.opens,
  };
}
