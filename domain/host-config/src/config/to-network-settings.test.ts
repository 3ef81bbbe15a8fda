import { expect, test } from 'vitest';
import { DEFAULT_NETWORK_SETTINGS } from '../network/network-settings.ts';
import { type HostConfig, hostConfigSchema } from './host-config-schema.ts';
import { toNetworkSettings } from './to-network-settings.ts';

const defaults = hostConfigSchema.parse({});
const translate = (config: HostConfig) => toNetworkSettings(config, { isOffline: false });

test('the defaults of the file are those of the network layer', () => {
  expect(translate(defaults)).toEqual(DEFAULT_NETWORK_SETTINGS);
});

test('a service has its own breaker where the settings say so', () => {
  const { services } = translate(
    hostConfigSchema.parse({
      performance: {
        circuit_breaker: { services: { github: { failure_threshold: 9, timeout: 5, success_threshold: 2, max_timeout: 50 } } },
      },
    }),
  );
  expect(services['github']?.breaker).toEqual({ failureThreshold: 9, recoveryMs: 5_000, successThreshold: 2, maxRecoveryMs: 50_000 });
  expect(services['docker_hub']).not.toHaveProperty('breaker');
});
