import { ManualClock } from '@breakwater/kernel';
import { expect, test } from 'vitest';
import type { Explanation } from '../classify/failure.ts';
import { createNetworkOperations } from '../network/create-network-operations.ts';
import type { AttemptEnd, NetworkOperations } from '../network/network-operations.ts';
import type { HostExecutor } from '../ports/host-executor.ts';
import { MemoryHost } from '../testing/memory-host.ts';
import { type HostConfig, hostConfigSchema } from './host-config-schema.ts';
import { listSettings } from './schema-walk.ts';
import { toNetworkSettings } from './to-network-settings.ts';

/** What the plan, the run and the commands do with these is shown by their own tests. */
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

/** Where half of the default, or the other of two, would not matter in what is observed here. */
const OTHER: Readonly<Record<string, unknown>> = {
  'performance.circuit_breaker.success_threshold': 2,
  'performance.circuit_breaker.services': { github: { failure_threshold: 9 } },
  'performance.network_retry.initial_delay': 2,
  'performance.network_retry.max_delay': 1,
  'performance.network_retry.jitter_mode': 'full',
  // A check is over after three seconds in any case.
  'performance.timeouts.http_request': 1,
  'performance.health_checks.services': ['github'],
  services: { intranet: { hosts: ['files.lan'] } },
  'apt.cache_valid': 50,
  'security.allowed_hosts': ['deb.debian.org'],
};

const defaults = hostConfigSchema.parse({});
const keys = listSettings(hostConfigSchema, defaults)
  .filter(({ isGroup, path }) => !isGroup && !ELSEWHERE.includes(path.join('.')))
  .map(({ defaultValue, path }) => [path.join('.'), defaultValue] as const);

const bad = (parts: Partial<Explanation>): AttemptEnd<never> => ({
  ok: false,
  explanation: { class: 'transient', code: 'c', cause: 'down', hint: '', failedHosts: [], evidence: [], ...parts },
});

/** Everything that the network layer is seen to do with these settings: what it asks, when, for how long, and how that ends. */
async function observe(config: HostConfig): Promise<readonly unknown[]> {
  const seen: unknown[] = [];
  const clock = new ManualClock();
  const host = new MemoryHost({ scripts: [({ argv }) => (argv[0] === 'date' ? { stdout: '100\n' } : {})] });
  host.put('/var/lib/apt/lists/deb.debian.org_InRelease', '');
  const watched: HostExecutor = {
    hostId: host.hostId,
    label: host.label,
    files: host.files,
    run: (command, context) => {
      // A clone is made beside its place, under a name that is another one each time.
      const argv = command.argv.map((word) => word.replace(/clone-[0-9a-f-]+/, 'clone'));
      seen.push(['command', argv, command.timeoutMs, command.graceMs]);
      return host.run(command, context);
    },
    close: () => host.close(),
  };
  const network = createNetworkOperations({
    host: watched,
    downloads: {
      fetch({ connectTimeoutMs, inactivityTimeoutMs, url }, { signal }) {
        seen.push(['fetch', url, connectTimeoutMs, inactivityTimeoutMs]);
        return new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            seen.push(['fetch ended', clock.now()]);
            reject(signal.reason as Error);
          });
        });
      },
      trim(_folder, { maxBytes }) {
        seen.push(['trim', maxBytes]);
        return Promise.resolve();
      },
      probe({ timeoutMs, url }) {
        seen.push(['probe', url, timeoutMs]);
        return Promise.resolve({
          statusCode: 200,
          headers: {},
          tookMs: 1,
          phasesMs: { dns: null, connect: null, tls: null, firstByte: null },
        });
      },
    },
    cacheFolder: '/cache',
    clock,
    random: () => 0.5,
    settings: toNetworkSettings(config, { isOffline: false }),
  });
  const drive = async (work: Promise<unknown>): Promise<void> => {
    let isOver = false;
    const ended = work.then((outcome) => {
      isOver = true;
      seen.push(['ended', clock.now(), outcome]);
    });
    while (!isOver) await clock.advance(500);
    await ended;
  };
  await drive(network.checkHealth());
  await drive(network.aptUpdateWithRetry());
  await drive(network.aptUpdateWithRetry({ force: true }));
  await drive(network.aptInstallWithRetry(['nginx']));
  await drive(network.gitCloneResilient({ url: 'https://github.com/one/two', dest: '/opt/two' }));
  await drive(network.downloadWithRetry({ urls: ['https://files.lan/file'], dest: '/opt/file', sha256: 'a'.repeat(64) }));
  await drive(call(network, bad({ class: 'throttled', retryAfterMs: 300_000 }), 'docker_hub'));
  await drive(call(network, bad({ class: 'wait-lock' }), 'apt_repository'));
  // Long enough for a breaker to be opened as long as it may, then well again.
  for (let round = 0; round < 70; round++) {
    await drive(call(network, round < 60 ? bad({}) : { ok: true, value: 'well' }, 'github'));
    seen.push((await network.getCircuitBreakerStatus())['github']?.state);
    await clock.advance(45_000);
  }
  return seen;
}

const call = (network: NetworkOperations, end: AttemptEnd<string>, service: string): Promise<unknown> =>
  network.executeWithRetry({ service, title: 'Fetch', timeoutMs: 100_000_000, attempt: () => Promise.resolve(end) });

const asDefault = observe(defaults);

test('what is observed is the same each time', async () => {
  expect(await observe(defaults)).toEqual(await asDefault);
  expect(keys.length).toBeGreaterThanOrEqual(28);
});

test.each(keys)('%s changed alone is seen in what the network layer does', async (key, value) => {
  const usual = typeof value === 'number' ? value / 2 : typeof value === 'boolean' ? !value : undefined;
  const other = OTHER[key] ?? (Number.isInteger(value) && /max_retries|failure_threshold/.test(key) ? Number(value) - 1 : usual);
  const changed = key
    .split('.')
    .toReversed()
    .reduce<unknown>((inner, part) => ({ [part]: inner }), other);
  const config = hostConfigSchema.parse(changed);
  expect(await observe(config)).not.toEqual(await asDefault);
});
