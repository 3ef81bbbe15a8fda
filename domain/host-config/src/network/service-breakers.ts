import type { Clock } from '@breakwater/kernel';
import {
  createKeptBreakers,
  createMemoryKeptStore,
  type KeptAdmission,
  type KeptBreakerSpec,
  type KeptBreakers,
  type KeptHost,
  type KeptOrder,
  type KeptStatus,
  type KeptStore,
} from '@breakwater/resilience';
import type { BreakerSettings, NetworkSettings } from './network-settings.ts';

/** Where breakers are kept between commands. */
export interface BreakerState {
  readonly store: KeptStore;
  readonly host: KeptHost;
}

/** The breakers of one host, each with the settings of its service. */
export interface ServiceBreakers {
  /** Null: the breaker of this service is switched off. */
  admit(service: string, options: { readonly operationMs: number }): KeptAdmission | null;
  /** Null: it has never been used. Changes nothing. */
  status(service: string): KeptStatus | null;
  reset(service: string, order: KeptOrder): void;
  trip(service: string, order: KeptOrder & { readonly forMs: number }): void;
  /** Those of the settings, and those that were used before. */
  services(): readonly string[];
  settingsOf(service: string): BreakerSettings;
}

export function createServiceBreakers(options: {
  readonly settings: NetworkSettings;
  readonly scope: string;
  readonly state: BreakerState;
}): ServiceBreakers {
  const { scope, settings, state } = options;
  const made = new Map<string, KeptBreakers>();
  const settingsOf = (service: string): BreakerSettings => ({ ...settings.breaker, ...settings.services[service]?.breaker });
  const breakersOf = (service: string): KeptBreakers => {
    const known = made.get(service);
    if (known !== undefined) return known;
    const breakers = createKeptBreakers({ ...state, scope, spec: toSpec(settingsOf(service)) });
    made.set(service, breakers);
    return breakers;
  };
  return {
    admit: (service, operation) => (settingsOf(service).isEnabled ? breakersOf(service).admit(service, operation) : null),
    status: (service) =>
      breakersOf(service)
        .status()
        .find((each) => each.service === service) ?? null,
    reset: (service, order) => breakersOf(service).reset(service, order),
    trip: (service, order) => breakersOf(service).trip(service, order),
    services() {
      const used = state.store.list().filter((record) => record.scope === scope);
      return [...new Set([...Object.keys(settings.services), ...used.map(({ service }) => service)])];
    },
    settingsOf,
  };
}

/** For a command that keeps nothing: what it learns ends with it. */
export function createMemoryBreakerState(clock: Clock): BreakerState {
  return {
    store: createMemoryKeptStore(),
    host: {
      machineId: 'this',
      pid: 1,
      now: () => ({ bootId: 'this', monotonicMs: clock.now(), wallMs: clock.wall() }),
      startOf: (pid) => (pid === 1 ? 'this' : null),
    },
  };
}

function toSpec({ failureThreshold, maxRecoveryMs, recoveryMs, successThreshold }: BreakerSettings): KeptBreakerSpec {
  return {
    failures: failureThreshold,
    openMs: maxRecoveryMs === null ? recoveryMs : { firstMs: recoveryMs, factor: 2, capMs: Math.max(recoveryMs, maxRecoveryMs) },
    successes: successThreshold,
  };
}
