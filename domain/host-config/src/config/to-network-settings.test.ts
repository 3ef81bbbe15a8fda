import { expect, test } from 'vitest';
import { DEFAULT_NETWORK_SETTINGS } from '../network/network-settings.ts';
import { type HostConfig, hostConfigSchema } from './host-config-schema.ts';
import { listSettings } from './schema-walk.ts';
import { toNetworkSettings } from './to-network-settings.ts';

const defaults = hostConfigSchema.parse({});
const translate = (config: HostConfig) => toNetworkSettings(config, { isOffline: false });

test('the defaults of the file are those of the network layer', () => {
  expect(translate(defaults)).toEqual(DEFAULT_NETWORK_SETTINGS);
});

/** Settings that do not go to the network layer; the tests of `plan` and `apply` show what they do. */
const ELSEWHERE = [
  'profile',
  'performance.parallel_execution',
  'performance.max_workers',
  'performance.health_checks.enabled',
  'performance.health_checks.check_on_startup',
  'installation.auto_rollback_on_error',
  'plugins',
  'modules.enabled',
];

/** Another value of the same kind. */
const OTHER: Readonly<Record<string, unknown>> = {
  'performance.circuit_breaker.services': { github: { failure_threshold: 9 } },
  'performance.network_retry.jitter_mode': 'full',
  'performance.health_checks.services': ['github'],
  services: { intranet: { hosts: ['files.lan'] } },
  'security.allowed_hosts': ['deb.debian.org'],
};

const rows = listSettings(hostConfigSchema, defaults)
  .filter(({ isGroup }) => !isGroup)
  .map(({ defaultValue, path }) => [path.join('.'), defaultValue] as const);

test('every key is one of the network or of the run', () => {
  expect(rows.map(([key]) => key)).toEqual(expect.arrayContaining(ELSEWHERE));
  expect(rows.length).toBeGreaterThan(35);
});

test.each(rows.filter(([key]) => !ELSEWHERE.includes(key)))('%s changed alone changes what the network layer does', (key, value) => {
  const other = OTHER[key] ?? (typeof value === 'boolean' ? !value : typeof value === 'number' ? value + 1 : undefined);
  expect(other, 'a test value is missing').toBeDefined();
  const changed = key
    .split('.')
    .toReversed()
    .reduce<unknown>((inner, part) => ({ [part]: inner }), other);
  const config = hostConfigSchema.safeParse(changed);
  expect(config.error).toBeUndefined();
  expect(translate(config.data as HostConfig)).not.toEqual(translate(defaults));
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
