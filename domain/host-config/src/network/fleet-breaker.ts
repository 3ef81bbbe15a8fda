import type { Clock } from '@breakwater/kernel';
import { createKeptBreakers, type KeptAdmission } from '@breakwater/resilience';
import type { NetworkEvent } from './network-operations.ts';
import type { BreakerState, ServiceBreakers } from './service-breakers.ts';

/** Of kept breakers: no host has this name, because ids of machines hold a slash. */
const SCOPE = 'fleet';
const WHO = 'breakwater';

export interface FleetBreakerOptions {
  readonly state: BreakerState;
  readonly clock: Clock;
  /** So many hosts that fail the same service within the window. Default: 3. */
  readonly hosts?: number;
  /** Default: 2 minutes. */
  readonly windowMs?: number;
  /** How long nobody asks then; after it one host probes for all. Default: a minute. */
  readonly openMs?: number;
}

/**
 * A breaker of many hosts at once. The path of one host to a service says nothing about that of another, so each has breakers of its own; when several
 * hosts fail the same service at the same time, it is the service.
 */
export interface FleetBreaker {
  /** What a host's network layer tells. */
  note(hostId: string, event: NetworkEvent): void;
  /** The breakers of one host, behind this one. */
  guard(breakers: ServiceBreakers): ServiceBreakers;
}

export function createFleetBreaker(options: FleetBreakerOptions): FleetBreaker {
  const { clock, hosts = 3, openMs = 60_000, state, windowMs = 120_000 } = options;
  // It is opened by the count of hosts below, never by failures in a row.
  const kept = createKeptBreakers({ ...state, scope: SCOPE, spec: { failures: Number.MAX_SAFE_INTEGER, openMs, successes: 1 } });
  const failures = new Map<string, Map<string, number>>();
  const isClosed = (service: string): boolean => {
    const found = kept.status().find((each) => each.service === service);
    return found === undefined || found.state === 'closed';
  };
  return {
    note(hostId, event) {
      const service = toFailedService(event);
      if (service === null) return;
      const now = clock.now();
      const recent = failures.get(service) ?? new Map<string, number>();
      failures.set(service, recent);
      recent.set(hostId, now);
      for (const [host, atMs] of recent) if (now - atMs > windowMs) recent.delete(host);
      if (recent.size < hosts || !isClosed(service)) return;
      recent.clear();
      kept.trip(service, { who: WHO, reason: `${hosts} hosts failed within ${windowMs / 1_000} s`, forMs: openMs });
    },
    guard: (breakers) => ({
      ...breakers,
      admit(service, operation) {
        if (isClosed(service)) return breakers.admit(service, operation);
        const fleet = kept.admit(service, operation);
        if (fleet.kind === 'rejected') return fleet;
        const own = breakers.admit(service, operation);
        if (own?.kind === 'rejected') {
          fleet.settle('none');
          return own;
        }
        return joinPermits(fleet, own);
      },
    }),
  };
}

type Permit = Extract<KeptAdmission, { readonly kind: 'admitted' }>;

function joinPermits(fleet: Permit, own: Permit | null): Permit {
  return {
    kind: 'admitted',
    isProbe: fleet.isProbe || own?.isProbe === true,
    settle(kind, failure) {
      fleet.settle(kind, failure);
      own?.settle(kind, failure);
    },
  };
}

/** Null: it says nothing about a service. What a breaker has kept away has not failed anew. */
function toFailedService(event: NetworkEvent): string | null {
  if (event.kind !== 'network.retry-scheduled' && event.kind !== 'network.failed') return null;
  if (event.kind === 'network.failed' && event.reason !== 'failed' && event.reason !== 'timeout') return null;
  const isOfService = event.explanation.class === 'transient' || event.explanation.class === 'throttled';
  return isOfService ? event.service : null;
}
