import { createNetworkOperations, DEFAULT_NETWORK_SETTINGS, type GuardedOperation, type NetworkOperations } from '@breakwater/host-config';
import { MemoryHost } from '@breakwater/host-config/testing';
import { killDownloads } from '../bed/host/kill-downloads.ts';
import type { Bench, BenchOptions, BenchRow } from './row.ts';
import { measureCli } from './support/cli-figures.ts';
import { countUnmended } from './support/interrupted-installs.ts';
import { round } from './support/process-figures.ts';
import { measureResumption } from './support/resumed-download.ts';
import { measureSsh } from './support/ssh-figures.ts';

const CALLS = 2_000;
const KILLS = 200;
const INTERRUPTIONS = 20;

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
  summary:
    'What the network layer of the host configurator costs, how fast it says no, downloads that are cut and killed, commands over SSH',
  run: async (options) => [...(await measureLayer()), ...measureCall(), ...(await measureDownloads(options)), ...(await measureLink())],
};

function measureCall(): readonly BenchRow[] {
  const { nodeMs, refusedMs } = measureCli();
  return [
    bound('open breaker: whole call of the program, beyond the start of node (median)', refusedMs - nodeMs, { unit: 'ms', most: 150 }),
  ];
}

async function measureDownloads({ log }: BenchOptions): Promise<readonly BenchRow[]> {
  const killed = await killDownloads(KILLS);
  log(`killed downloads: ${JSON.stringify(killed)}`);
  const isWhole = killed.lastEnd === 'ok' && killed.resumptions > 0;
  return [
    bound(`download: wrong files after ${KILLS} kills at any moment`, killed.wrong + (isWhole ? 0 : 1), { unit: 'files', most: 0 }),
    bound(`dpkg: hosts that were not mended after ${INTERRUPTIONS} kills`, await countUnmended(INTERRUPTIONS), { unit: 'hosts', most: 0 }),
    bound('download: bytes sent for a file whose transfer broke off five times', await measureResumption(), {
      unit: 'of its size',
      most: 1.01,
    }),
  ];
}

async function measureLink(): Promise<readonly BenchRow[]> {
  const { freshMs, glanceMs, jobMs, readMs, statMs } = await measureSsh();
  const against = (name: string, value: number, peer: { readonly name: string; readonly ms: number }): BenchRow => ({
    name: `ssh: ${name} (median)`,
    value: round(value),
    unit: 'ms',
    peer: peer.name,
    ratio: round(value / peer.ms),
    goal: '< 1',
    ok: value < peer.ms,
  });
  const fresh = { name: 'an ssh for each command', ms: freshMs };
  const job = { name: 'a command that may change something', ms: jobMs };
  return [
    against('a command that may change something', jobMs, fresh),
    against('a command that only reads', glanceMs, job),
    against('stat', statMs, job),
    against('read of a file', readMs, job),
  ];
}

async function measureLayer(): Promise<readonly BenchRow[]> {
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
}
