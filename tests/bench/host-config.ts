import { createNetworkOperations, DEFAULT_NETWORK_SETTINGS, type GuardedOperation, type NetworkOperations } from '@breakwater/host-config';
import { MemoryHost } from '@breakwater/host-config/testing';
import type { Bench, BenchRow } from './row.ts';
import { round } from './support/process-figures.ts';

const CALLS = 2_000;

interface Counted {
  readonly operation: GuardedOperation<string>;
  sent(): number;
}

function count(answer: 'good' | 'bad'): Counted {
  let sent = 0;
  const explanation = { class: 'transient', code: 'bench', cause: 'down', hint: '', failedHosts: [], evidence: [] } as const;
  return {
    operation: {
      service: 'github',
      title: 'Bench',
      timeoutMs: 60_000,
      attempt: () => {
        sent++;
        return Promise.resolve(answer === 'good' ? { ok: true, value: 'done' } : { ok: false, explanation });
      },
    },
    sent: () => sent,
  };
}

function open(): NetworkOperations {
  const refuse = (): Promise<never> => Promise.reject(new Error('The bench fetches nothing.'));
  const { retry } = DEFAULT_NETWORK_SETTINGS;
  return createNetworkOperations({
    host: new MemoryHost(),
    downloads: { fetch: refuse, find: () => Promise.resolve(null), probe: refuse },
    cacheFolder: '/nowhere',
    // The pauses are not what is measured.
    settings: { ...DEFAULT_NETWORK_SETTINGS, retry: { ...retry, initialDelayMs: 0, maxDelayMs: 0 } },
  });
}

async function medianMs(act: () => Promise<unknown>): Promise<number> {
  const took: number[] = [];
  for (let call = 0; call < CALLS; call++) {
    const startedAtMs = performance.now();
    await act();
    took.push(performance.now() - startedAtMs);
  }
  return took.toSorted((one, two) => one - two)[CALLS / 2] ?? 0;
}

const bound = (name: string, value: number, most: { readonly unit: string; readonly most: number }): BenchRow => ({
  name,
  value: round(value),
  unit: most.unit,
  peer: null,
  ratio: null,
  goal: `at most ${most.most} ${most.unit}`,
  ok: value <= most.most,
});

export const bench: Bench = {
  name: 'host-config',
  summary: 'What the network layer of the host configurator costs, and how fast it says no.',
  async run() {
    const healthy = open();
    const good = count('good');
    const guardedMs = await medianMs(() => healthy.executeWithRetry(good.operation));
    const bareMs = await medianMs(() => good.operation.attempt({ number: 1, signal: AbortSignal.timeout(60_000), timeoutMs: 60_000 }));
    const down = open();
    const bad = count('bad');
    await down.executeWithRetry(bad.operation);
    const sentBefore = bad.sent();
    const refusedMs = await medianMs(() => down.executeWithRetry(bad.operation));
    return [
      bound('success: what the layer adds to an operation (median)', guardedMs - bareMs, { unit: 'ms', most: 2 }),
      bound('open breaker: until it says no (median)', refusedMs, { unit: 'ms', most: 1 }),
      bound('open breaker: requests that were sent', bad.sent() - sentBefore, { unit: 'requests', most: 0 }),
    ];
  },
};
