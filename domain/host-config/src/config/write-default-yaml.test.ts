import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { hostConfigSchema } from './host-config-schema.ts';
import { listSettings } from './schema-walk.ts';
import { writeDefaultYaml } from './write-default-yaml.ts';

const shipped = readFileSync(new URL('../../../../config/default.yaml', import.meta.url), 'utf8');

test('config/default.yaml is what the schema says', () => {
  expect(shipped).toBe(writeDefaultYaml());
  expect(parse(shipped)).toEqual(hostConfigSchema.parse({}));
});

test('every key has a comment of its own', () => {
  const rows = listSettings(hostConfigSchema, hostConfigSchema.parse({}));
  expect(rows.length).toBeGreaterThan(40);
  expect(rows.filter(({ description }) => !/^[A-Za-z].{8,}\.$/.test(description)).map(({ path }) => path.join('.'))).toEqual([]);
});

test('the keys and defaults of spec 05 stand', () => {
  expect(hostConfigSchema.parse({}).performance).toMatchObject({
    circuit_breaker: { enabled: true, failure_threshold: 3, timeout: 60, success_threshold: 1 },
    network_retry: { enabled: true, max_retries: 3, initial_delay: 1, max_delay: 30, exponential_base: 2, jitter: true },
    timeouts: { apt_update: 300, apt_install: 600, download: 600, git_clone: 300, http_request: 30 },
    health_checks: { enabled: true, check_on_startup: true, services: ['apt_repository', 'github', 'docker_hub'] },
  });
});
