import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openValkeyStore } from '@breakwater/coordination';
import { silentLogger, systemClock } from '@breakwater/kernel';
import { createKeptBreakers, createPipeline, createSharedBreakers, type Pipeline } from '@breakwater/resilience';
import { openBreakerState } from '@breakwater/storage';
import { startStateProcesses } from '../chaos/support/state-processes.ts';
import { startValkey, type ValkeyServer } from '../chaos/support/valkey-server.ts';
import type { Bench, BenchRow } from './row.ts';
import { openInlineBreakers } from './support/inline-breakers.ts';
import { median, round } from './support/process-figures.ts';

const CALLS = 2_000;
const TRIPS = 200;
const KILLS = 200;
const POLL_MS = 1_000;

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

interface Node {
  readonly pipeline: Pipeline;
  readonly votes: () => number;
  isReady(): boolean;
  close(): Promise<void>;
}

function openNode(server: ValkeyServer, options: { readonly openMs: number }): Node {
  const store = openValkeyStore({ url: server.url });
  let votes = 0;
  const counted = {
    ...bind(store),
    vote: (vote: Parameters<typeof store.vote>[0]) => {
      votes++;
      return store.vote(vote);
    },
  };
  const shared = createSharedBreakers({ store: counted, policy: { quorum: 1 } });
  const pipeline = createPipeline(
    { breaker: { trip: { kind: 'consecutive', failures: 5 }, openMs: options.openMs } },
    { key: 'server', shared },
  );
  return {
    pipeline,
    votes: () => votes,
    isReady: () => shared.figures().status === 'ok',
    async close() {
      await shared.close();
      store.close();
    },
  };
}

/** Its methods as plain functions, so that one of them can be counted. */
function bind(store: ReturnType<typeof openValkeyStore>): ReturnType<typeof openValkeyStore> {
  return {
    vote: (vote) => store.vote(vote),
    lease: (request) => store.lease(request),
    settle: (report) => store.settle(report),
    override: (order) => store.override(order),
    hold: (hold) => store.hold(hold),
    exchange: (request) => store.exchange(request),
    sync: (request) => store.sync(request),
    depart: (instance) => store.depart(instance),
    watch: (listener) => store.watch(listener),
    close: () => store.close(),
  };
}

async function until(isSo: () => boolean, what: string): Promise<void> {
  const endsAtMs = performance.now() + 20_000;
  while (!isSo()) {
    if (performance.now() > endsAtMs) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Median microseconds of one call. */
async function timeCalls(call: () => Promise<unknown>, count = CALLS): Promise<number> {
  for (let warm = 0; warm < 200; warm++) await call();
  const times: number[] = [];
  for (let index = 0; index < count; index++) {
    const startMs = performance.now();
    await call();
    times.push((performance.now() - startMs) * 1_000);
  }
  return median(times);
}

/** The same for calls that are shorter than the clock is exact; a thousand at a time, the first of which let the compiler do its work. */
async function timeShortCalls(call: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 41; round++) {
    const startMs = performance.now();
    for (let index = 0; index < 1_000; index++) await call();
    times.push(performance.now() - startMs);
  }
  return median(times.slice(20));
}

const readCommands = async (server: ValkeyServer): Promise<number> =>
  Number(/total_commands_processed:(\d+)/.exec(await server.command('INFO stats'))?.[1]);

const row = (name: string, value: number, rest: Omit<BenchRow, 'name' | 'value'>): BenchRow => ({ name, value: round(value), ...rest });

function bound(name: string, value: number, limit: { readonly most: number; readonly unit: string }): BenchRow {
  const { most, unit } = limit;
  return row(name, value, { unit, peer: null, ratio: null, goal: `at most ${most} ${unit}`, ok: value <= most });
}

async function runCalls(server: ValkeyServer, node: Node): Promise<readonly BenchRow[]> {
  const callee = async (): Promise<number> => 1;
  const { breakers, close } = openInlineBreakers(server.url.reveal());
  const before = await readCommands(server);
  const ownUs = await timeShortCalls(() => node.pipeline.run(callee));
  // A look every 5 s is a handful of commands, and so is reading this figure.
  const sent = (await readCommands(server)) - before;
  const rows = [bound(`commands to the server for 41,000 calls while closed`, sent, { most: 10, unit: 'commands' })];
  for (const { call, name } of breakers) {
    const ratio = ownUs / (await timeCalls(() => call(callee)));
    rows.push(row('a call while closed', ownUs, { unit: 'us', peer: name, ratio: round(ratio), goal: 'at most 1/100', ok: ratio <= 0.01 }));
  }
  close();
  return rows;
}

async function runPropagation(one: Node, two: Node): Promise<readonly BenchRow[]> {
  const times: number[] = [];
  const votes = one.votes();
  for (let trip = 0; trip < TRIPS; trip++) {
    for (let failure = 0; failure < 5; failure++) await one.pipeline.attempt(() => Promise.reject(new Error('down')));
    const startMs = performance.now();
    await until(() => two.pipeline.breaker?.state === 'open', 'the other one hears of it');
    times.push(performance.now() - startMs);
    one.pipeline.breaker?.reset('next');
    await until(() => two.pipeline.breaker?.state === 'closed', 'the other one hears of the reset');
    // Its own order comes back too, and must not be taken for news of the next round.
    await wait(2);
  }
  const p50Ms = median(times);
  const ratio = p50Ms / POLL_MS;
  return [
    row('an opening reaches another process', p50Ms, {
      unit: 'ms',
      peer: 'poll each second',
      ratio: round(ratio),
      goal: 'at most 1/50',
      ok: ratio <= 0.02,
    }),
    bound('votes per process and trip', (one.votes() - votes) / TRIPS, { most: 1, unit: 'votes' }),
  ];
}

async function runFrozen(server: ValkeyServer, node: Node): Promise<readonly BenchRow[]> {
  const { breakers, close } = openInlineBreakers(server.url.reveal());
  await breakers[0]?.call(async () => 1);
  for (let failure = 0; failure < 5; failure++) await node.pipeline.attempt(() => Promise.reject(new Error('down')));
  await until(() => node.pipeline.snapshot().breaker?.shared?.state === 'open', 'all say that it is open');
  server.freeze();
  const openUs = await timeCalls(() => node.pipeline.attempt(async () => 1));
  const inline = await Promise.race([breakers[0]?.call(async () => 1).then(() => 'answered'), wait(2_000).then(() => 'silent')]);
  await until(() => (node.pipeline.breaker?.retryAfterMs ?? 0) <= 0, 'the open time is over');
  const startMs = performance.now();
  await node.pipeline.attempt(async () => 1);
  const leaseMs = performance.now() - startMs;
  server.thaw();
  close();
  return [
    bound('a call turned away while the server is frozen', openUs, { most: 1_000, unit: 'us' }),
    bound('a call that asks for a lease from a frozen server', leaseMs, { most: 60, unit: 'ms' }),
    row('an inline GET to a frozen server within 2 s', inline === 'silent' ? 0 : 1, {
      unit: 'answers',
      peer: null,
      ratio: null,
      goal: 'none: what the others wait for',
      ok: inline === 'silent',
    }),
  ];
}

async function runKept(log: (line: string) => void): Promise<readonly BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-kept-'));
  const path = join(folder, 'state.db');
  const open = () => {
    const state = openBreakerState({ path, logger: silentLogger, clock: systemClock });
    return { state, breakers: createKeptBreakers({ ...state, spec: { failures: 3, openMs: 60_000, successes: 1 } }) };
  };
  try {
    const own = open();
    const pairUs = await timeCalls(async () => {
      const admission = own.breakers.admit('speed', { operationMs: 1_000 });
      if (admission.kind === 'admitted') admission.settle('success');
    }, 500);
    let readable = 0;
    for (let killed = 0; killed < KILLS; killed += 8) {
      const processes = await startStateProcesses(8, path);
      for (const each of processes) each.tell('write');
      await until(() => processes.every(({ said }) => said().includes('writing')), 'all write');
      for (const each of processes) {
        await wait(Math.random() * 30);
        await each.kill();
        const seen = open();
        if (seen.breakers.status().some(({ service }) => service === 'docker_hub') && seen.state.kept === 'file') readable++;
        seen.state.close();
      }
      log(`  ${killed + 8} of ${KILLS} processes killed`);
    }
    own.state.close();
    return [
      bound('admission and result of a command, kept in a file', pairUs / 1_000, { most: 20, unit: 'ms' }),
      row('state readable after a kill in the middle of writing', readable, {
        unit: `of ${KILLS}`,
        peer: null,
        ratio: null,
        goal: 'all',
        ok: readable === KILLS,
      }),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const bench: Bench = {
  name: 'shared-state',
  summary: 'Breakers shared through a real Valkey or Redis, next to designs that ask it for every call; and breakers kept in a file.',
  async run({ log }) {
    const server = await startValkey();
    const [one, two] = [openNode(server, { openMs: 60_000 }), openNode(server, { openMs: 60_000 })];
    try {
      await until(() => [one, two].every((node) => node.isReady()), 'all have joined');
      log('Calls');
      const rows = [...(await runCalls(server, one))];
      log('Openings');
      rows.push(...(await runPropagation(one, two)));
      const frozen = openNode(server, { openMs: 3_000 });
      await until(() => frozen.isReady(), 'it has joined');
      log('A frozen server');
      rows.push(...(await runFrozen(server, frozen)));
      await frozen.close();
      log('Breakers in a file');
      rows.push(...(await runKept(log)));
      return rows;
    } finally {
      for (const node of [one, two]) await node.close();
      await server.close();
    }
  },
};
