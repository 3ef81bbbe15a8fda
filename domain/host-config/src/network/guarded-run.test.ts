import { ManualClock } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import type { Explanation } from '../classify/failure.ts';
import { MemoryHost } from '../testing/memory-host.ts';
import { createNetworkOperations, type NetworkOperationsOptions } from './create-network-operations.ts';
import { toNetworkLines } from './network-lines.ts';
import type { AttemptEnd, GuardedOperation, NetworkEvent } from './network-operations.ts';
import { DEFAULT_NETWORK_SETTINGS, type NetworkSettings } from './network-settings.ts';

const NO_DOWNLOADS = {
  fetch: () => Promise.reject(new Error('nothing is fetched here')),
  find: () => Promise.resolve(null),
  probe: () => Promise.reject(new Error('nothing is asked here')),
};

function open(options: Partial<NetworkOperationsOptions> = {}) {
  const clock = new ManualClock();
  const events: NetworkEvent[] = [];
  const network = createNetworkOperations({
    host: new MemoryHost(),
    downloads: NO_DOWNLOADS,
    cacheFolder: '/cache',
    clock,
    random: () => 0,
    onEvent: (event) => events.push(event),
    ...options,
  });
  const lines = () => events.flatMap(toNetworkLines).map(({ level, text }) => `${level.toUpperCase()}: ${text}`);
  return { clock, events, lines, network };
}

const bad = (parts: Partial<Explanation> = {}): AttemptEnd<never> => ({
  ok: false,
  explanation: { class: 'transient', code: 'c', cause: 'Connection timeout', hint: '', failedHosts: [], evidence: [], ...parts },
});
const good: AttemptEnd<string> = { ok: true, value: 'done' };

/** Answers with the ends one after the other, the last one for ever. */
function operation(ends: readonly AttemptEnd<string>[], parts: Partial<GuardedOperation<string>> = {}) {
  let count = 0;
  const made: GuardedOperation<string> = {
    service: 'github',
    title: 'Fetch',
    timeoutMs: 60_000,
    attempt: () => Promise.resolve(ends[Math.min(count++, ends.length - 1)] ?? good),
    ...parts,
  };
  return { made, count: () => count };
}

async function settle<T>(promise: Promise<T>, clock: ManualClock, ms = 400_000): Promise<T> {
  await clock.advance(ms);
  return await promise;
}

const withSettings = (change: (settings: NetworkSettings) => Partial<NetworkSettings>) => ({
  settings: { ...DEFAULT_NETWORK_SETTINGS, ...change(DEFAULT_NETWORK_SETTINGS) },
});

describe('a guarded operation', () => {
  it('succeeds at the third attempt, and says so in the words of the document', async () => {
    const { clock, lines, network } = open();
    const { count, made } = operation([bad(), bad(), good]);
    expect(await settle(network.executeWithRetry(made), clock)).toEqual({ ok: true, value: 'done', attempts: 3, waitedMs: 3_000 });
    expect(count()).toBe(3);
    expect(lines()).toEqual([
      'INFO: Fetch (with retry protection)...',
      'WARN: ⚠️  Attempt 1 failed: Connection timeout',
      'INFO: 🔄 Retrying in 1.0s... (2 retries left)',
      'WARN: ⚠️  Attempt 2 failed: Connection timeout',
      'INFO: 🔄 Retrying in 2.0s... (1 retry left)',
      'INFO: ✅ Operation succeeded after 3 attempts',
      'INFO: ✅ Fetch successful',
    ]);
  });

  it('opens the breaker after three failures, sends nothing for a minute, then one probe', async () => {
    const { clock, lines, network } = open();
    const down = await settle(network.executeWithRetry(operation([bad()]).made), clock, 3_000);
    expect(down).toMatchObject({ ok: false, reason: 'failed', attempts: 3, service: 'github' });
    expect(lines().slice(-3)).toEqual([
      'ERROR: 🚨 Circuit breaker open: github',
      'WARN: ⚠️  Attempt 3 failed: Connection timeout',
      'ERROR: ❌ All 3 attempts failed',
    ]);
    const refused = operation([good]);
    const outcome = await network.executeWithRetry(refused.made);
    expect(outcome).toMatchObject({ ok: false, reason: 'breaker', attempts: 0, retryAfterMs: 60_000 });
    expect(refused.count()).toBe(0);
    expect(lines().at(-1)).toBe('ERROR: 🚨 Circuit breaker open: github');
    await clock.advance(60_000);
    const results = await Promise.all(Array.from({ length: 8 }, () => network.executeWithRetry(refused.made)));
    expect(results.filter(({ ok }) => ok)).toHaveLength(1);
    expect(refused.count()).toBe(1);
    expect((await network.getCircuitBreakerStatus())['github']).toMatchObject({ state: 'closed', failure_count: 0 });
  });

  it('stops repeating at once when the breaker opens in the middle', async () => {
    const { count, made } = operation([bad()], { service: 'docker_hub' });
    const other = open(
      withSettings(({ retry, breaker }) => ({ retry: { ...retry, attempts: 9 }, breaker: { ...breaker, failureThreshold: 2 } })),
    );
    const outcome = await settle(other.network.executeWithRetry(made), other.clock);
    expect(outcome).toMatchObject({ reason: 'failed', attempts: 2 });
    expect(count()).toBe(2);
  });

  it.each(['permanent', 'security', 'local', 'unknown'] as const)('never counts what is %s against a service', async (kind) => {
    const { clock, network } = open();
    for (let time = 0; time < 5; time++) await settle(network.executeWithRetry(operation([bad({ class: kind })]).made), clock);
    expect((await network.getCircuitBreakerStatus())['github']).toMatchObject({ state: 'closed', failure_count: 0 });
  });

  it('waits for a lock as long as it takes, with the holder named and no attempt used up', async () => {
    const { clock, events, network } = open();
    const locked = bad({ class: 'wait-lock', lockHolder: { pid: 42, name: 'unattended-upgr' } });
    const { made } = operation([locked, locked, locked, good], { timeoutMs: 2_000, service: 'apt_repository' });
    expect(await settle(network.executeWithRetry(made), clock)).toMatchObject({ ok: true, attempts: 1, waitedMs: 3_000 });
    expect(events.filter(({ kind }) => kind === 'network.lock-waited')[0]).toMatchObject({ holder: { pid: 42, name: 'unattended-upgr' } });
    const never = await settle(network.executeWithRetry(operation([locked]).made), clock);
    expect(never).toMatchObject({ ok: false, reason: 'lock-timeout', attempts: 1, waitedMs: 300_000 });
  });

  it('repairs once and then tries again, and gives up where a person must agree first', async () => {
    const { clock, network } = open();
    const broken = bad({ class: 'repair' });
    let repairs = 0;
    const repair = () => Promise.resolve(++repairs > 0);
    expect(await settle(network.executeWithRetry(operation([broken, good], { repair }).made), clock)).toMatchObject({ ok: true });
    expect(await settle(network.executeWithRetry(operation([broken], { repair }).made), clock)).toMatchObject({ ok: false, attempts: 2 });
    expect(repairs).toBe(2);
    const refused = operation([broken, good], { repair: () => Promise.resolve(false) });
    expect(await settle(network.executeWithRetry(refused.made), clock)).toMatchObject({ ok: false, attempts: 1 });
  });

  it('ends an attempt when the time for all of it is over', async () => {
    const { clock, network } = open();
    const hangs = (context: { readonly signal: AbortSignal }): Promise<never> =>
      new Promise((_, reject) => context.signal.addEventListener('abort', () => reject(context.signal.reason as Error)));
    const outcome = await settle(network.executeWithRetry({ ...operation([]).made, attempt: hangs, timeoutMs: 5_000 }), clock);
    expect(outcome).toMatchObject({ ok: false, reason: 'timeout', explanation: { class: 'transient', code: 'timeout' } });
    expect((await network.getCircuitBreakerStatus())['github']).toMatchObject({ failure_count: 1 });
  });

  it('does not begin a pause that is longer than the time that is left', async () => {
    const { clock, network } = open();
    const patient = bad({ class: 'throttled', retryAfterMs: 90_000 });
    const outcome = await network.executeWithRetry(operation([patient]).made);
    expect(outcome).toMatchObject({ ok: false, reason: 'timeout', attempts: 1, retryAfterMs: 90_000 });
    // Everybody leaves it alone for as long as it asked.
    expect((await network.getCircuitBreakerStatus())['github']).toMatchObject({ state: 'open', time_until_retry: 90 });
    await clock.advance(90_000);
    expect((await network.getCircuitBreakerStatus())['github']).toMatchObject({ state: 'half_open' });
  });

  it('rejects with the reason of the signal, and counts nothing', async () => {
    const stop = new AbortController();
    const { clock, network } = open({ signal: stop.signal });
    const running = network.executeWithRetry(operation([bad()]).made);
    await clock.advance(500);
    stop.abort(new Error('Ctrl-C'));
    await expect(running).rejects.toThrow('Ctrl-C');
    expect((await network.getCircuitBreakerStatus())['github']).toMatchObject({ failure_count: 1 });
    await expect(network.executeWithRetry(operation([good]).made)).rejects.toThrow('Ctrl-C');
  });

  it('sends nothing when it works offline', async () => {
    const { network } = open(withSettings(() => ({ isOffline: true })));
    const { count, made } = operation([good]);
    expect(await network.executeWithRetry(made)).toMatchObject({ ok: false, reason: 'offline', attempts: 0 });
    expect(count()).toBe(0);
    expect(await network.checkInternetConnectivity()).toBe(false);
  });

  it('goes on for ever without breakers, and only once without retries', async () => {
    const open1 = open(withSettings(({ breaker }) => ({ breaker: { ...breaker, isEnabled: false } })));
    for (let time = 0; time < 5; time++) {
      const outcome = await settle(open1.network.executeWithRetry(operation([bad()]).made), open1.clock);
      expect(outcome).toMatchObject({ attempts: 3 });
    }
    const open2 = open(withSettings(({ retry }) => ({ retry: { ...retry, isEnabled: false } })));
    expect(await open2.network.executeWithRetry(operation([bad()]).made)).toMatchObject({ attempts: 1 });
  });

  it('takes the settings of a service over those of all', async () => {
    const { clock, network } = open(
      withSettings(({ services }) => ({
        services: {
          ...services,
          mine: { hosts: ['mine.example'], retry: { attempts: 2 }, breaker: { failureThreshold: 1, recoveryMs: 5_000 } },
        },
      })),
    );
    const outcome = await settle(network.executeWithRetry(operation([bad()], { service: 'mine' }).made), clock, 0);
    expect(outcome).toMatchObject({ attempts: 1, retryAfterMs: 5_000 });
  });

  it('tells a listener of one caller what it does for that caller only', async () => {
    const { clock, network } = open();
    const heard: string[] = [];
    const mine = network.observedBy(({ kind }) => heard.push(kind));
    await settle(mine.executeWithRetry(operation([good]).made), clock);
    const before = heard.length;
    await settle(network.executeWithRetry(operation([good]).made), clock);
    expect(heard).toHaveLength(before);
    expect(heard).toContain('network.attempted');
  });
});
