import { exponentialBackoff, INSTALLER_LIMITS, installerBackoff } from '@breakwater/resilience';
import type { Bench, BenchRow } from './row.ts';
import { measureBundleBytes } from './support/bundle-size.ts';
import { type Contestant, interleave, measureBytes, measureKeptBytes, overheadNs, pairedRatio, type Rounds } from './support/interleave.ts';
import { measureHerdMs } from './support/jitter-herd.ts';
import { round } from './support/process-figures.ts';
import {
  cockatielBreaker,
  cockatielSampling,
  createAborts,
  createCallers,
  createCrowd,
  createFailing,
  createRefused,
  opossumBreaker,
  ownBreaker,
  ownSampling,
} from './support/resilience-contestants.ts';

const LAN_CALL_NS = 5_000_000;

/** The ratio must not be above `most`, which the goal names as a fraction. */
function compare(row: {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly peer: string;
  readonly ratio: number;
  readonly most: number;
}): BenchRow {
  const { name, unit, peer, ratio, most } = row;
  const goal = most < 0.5 ? `at most 1/${round(1 / most)}` : `at most ${most}`;
  return { name, value: round(row.value), unit, peer, ratio: round(ratio), goal, ok: ratio <= most };
}

function bound(row: { readonly name: string; readonly value: number; readonly unit: string; readonly most: number }): BenchRow {
  const { name, unit, most } = row;
  return { name, value: round(row.value), unit, peer: null, ratio: null, goal: `at most ${most} ${unit}`, ok: row.value <= most };
}

function collector(): () => void {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('Start with --expose-gc: memory cannot be measured otherwise.');
  return () => gc();
}

async function runCallers(): Promise<readonly BenchRow[]> {
  const { callers, close } = createCallers();
  // It waits for timers at each step: a hundred times slower than the others, so it gets few rounds of its own.
  const { bottleneck, ...quick } = callers;
  // Short slices and many rounds: what disturbs a shared machine then disturbs neighbours in a round alike.
  const rounds = await interleave(quick, { rounds: 61, sliceMs: 5 });
  const slow = await interleave({ bare: quick.bare, ownGate: quick.ownGate, bottleneck }, { rounds: 3, sliceMs: 20 });
  close();
  const { bare } = rounds;
  const row = (name: string, own: Rounds, peer: { readonly name: string; readonly rounds: Rounds; readonly most: number }): BenchRow =>
    compare({
      name,
      value: overheadNs(own, bare),
      unit: 'ns',
      peer: peer.name,
      ratio: pairedRatio(own, peer.rounds, bare),
      most: peer.most,
    });
  const wrap = { name: 'cockatiel wrap', rounds: rounds.cockatiel };
  const guarded = 'retry, breaker, timeout';
  return [
    row(guarded, rounds.own, { ...wrap, most: 1 / 20 }),
    row(guarded, rounds.own, { name: 'cockatiel wrap, abortOnReturn false', rounds: rounds.cockatielCheaper, most: 1 / 6 }),
    row('the same, signal read', rounds.ownSignal, { ...wrap, most: 1 / 15 }),
    row("the same, caller's signal too", rounds.ownSignals, { ...wrap, most: 1 / 8 }),
    row('everything attached', rounds.ownFull, { name: 'cockatiel wrap with bulkhead', rounds: rounds.cockatielBulkhead, most: 1 / 6 }),
    // Ours is a whole pipeline in which only a breaker is set, and cockatiel's the policy alone: in both, what a caller awaits is one guarded call.
    row('breaker', rounds.ownBreaker, { name: 'cockatiel breaker', rounds: rounds.cockatielBreaker, most: 0.6 }),
    row('breaker, time window, slow calls', rounds.ownSampling, {
      name: 'cockatiel sampling breaker',
      rounds: rounds.cockatielSampling,
      most: 0.85,
    }),
    row(guarded, rounds.own, { name: 'opossum', rounds: rounds.opossum, most: 1 }),
    row('retry', rounds.ownRetry, { name: 'p-retry', rounds: rounds.pRetry, most: 1 }),
    row(guarded, rounds.own, { name: 'mollitia circuit', rounds: rounds.mollitia, most: 1 / 6 }),
    row(guarded, rounds.own, { name: 'effect retry and timeout', rounds: rounds.effect, most: 1 / 6 }),
    row('priority gate', rounds.ownGate, { name: 'p-queue add', rounds: rounds.pQueue, most: 1 / 8 }),
    compare({
      name: 'priority gate',
      value: overheadNs(slow.ownGate, slow.bare),
      unit: 'ns',
      peer: 'bottleneck schedule',
      ratio: pairedRatio(slow.ownGate, slow.bottleneck, slow.bare),
      most: 1 / 100,
    }),
    bound({
      name: 'everything attached, part of a call of 5 ms',
      value: (overheadNs(rounds.ownFull, bare) / LAN_CALL_NS) * 100,
      unit: '%',
      most: 0.05,
    }),
  ];
}

async function runRefused(): Promise<readonly BenchRow[]> {
  const { callers, close } = await createRefused();
  const rounds = await interleave(callers, { rounds: 61, sliceMs: 5 });
  close();
  const row = (name: string, own: Rounds, most: number): BenchRow =>
    compare({
      name,
      value: overheadNs(
        own,
        own.map(() => 0),
      ),
      unit: 'ns',
      peer: 'cockatiel',
      ratio: pairedRatio(own, rounds.cockatiel, null),
      most,
    });
  return [
    row('open breaker, thrown', rounds.ownThrown, 1 / 3),
    row('open breaker, outcome', rounds.ownOutcome, 1 / 25),
    row('open breaker, permit', rounds.ownPermit, 1 / 100),
    bound({
      name: 'open breaker, thrown',
      value:
        overheadNs(
          rounds.ownThrown,
          rounds.ownThrown.map(() => 0),
        ) / 1_000,
      unit: 'us',
      most: 10,
    }),
  ];
}

async function runFailing(): Promise<readonly BenchRow[]> {
  const empty = await createFailing(0);
  const filled = await createFailing(10_000);
  const own = await interleave({ empty: empty.own, filled: filled.own }, { rounds: 11, sliceMs: 15 });
  // What is called fills the window too, so the empty one is empty only at the beginning.
  const opossum = await interleave({ empty: empty.opossum, filled: filled.opossum }, { rounds: 3, sliceMs: 15, warmUpMs: 0 });
  empty.close();
  filled.close();
  const growth = (rounds: { readonly empty: Rounds; readonly filled: Rounds }): number => pairedRatio(rounds.filled, rounds.empty, null);
  return [
    bound({ name: 'a failure with 10,000 calls in the window, to one with none', value: growth(own), unit: 'x', most: 1.2 }),
    compare({
      name: 'the same growth',
      value: growth(own),
      unit: 'x',
      peer: 'opossum',
      ratio: growth(own) / growth(opossum),
      most: 0.5,
    }),
  ];
}

async function runCrowds(): Promise<readonly BenchRow[]> {
  const [small, large] = [createCrowd(100), createCrowd(10_000)];
  const rounds = await interleave(
    { small: small.own, large: large.own, keyed: small.ownKeyed, pQueue: small.pQueue },
    { rounds: 9, sliceMs: 20 },
  );
  const aborts = await interleave({ few: createAborts(100), many: createAborts(10_000) }, { rounds: 15, sliceMs: 10 });
  return [
    bound({
      name: 'a job of one of 50 keys, to one without',
      value: pairedRatio(rounds.keyed, rounds.small, null),
      unit: 'x',
      most: 3,
    }),
    bound({
      name: 'giving up among 10,000 that wait, to among 100',
      value: pairedRatio(aborts.many, aborts.few, null),
      unit: 'x',
      most: 1.5,
    }),
    bound({
      name: 'a job among 10,000 that wait, to one among 100',
      value: pairedRatio(rounds.large, rounds.small, null),
      unit: 'x',
      most: 2.5,
    }),
    compare({
      name: 'a job among 100 that wait',
      value: overheadNs(
        rounds.small,
        rounds.small.map(() => 0),
      ),
      unit: 'ns',
      peer: 'p-queue',
      ratio: pairedRatio(rounds.small, rounds.pQueue, null),
      most: 1 / 2,
    }),
  ];
}

async function runMemory(collect: () => void): Promise<readonly BenchRow[]> {
  const { callers, close } = createCallers();
  const bytesOf = async (caller: Contestant): Promise<number> =>
    (await measureBytes(caller, collect)) - (await measureBytes(callers.bare, collect));
  const own = await bytesOf(callers.own);
  const cockatiel = await bytesOf(callers.cockatiel);
  close();
  const keptOwn = measureKeptBytes(ownBreaker, collect);
  const keptCockatiel = measureKeptBytes(cockatielBreaker, collect);
  const keptSampling = measureKeptBytes(ownSampling, collect);
  const keptCockatielSampling = measureKeptBytes(cockatielSampling, collect);
  const breakers: { shutdown(): void }[] = [];
  const keptOpossum = measureKeptBytes(() => breakers.push(opossumBreaker()), collect);
  for (const breaker of breakers) breaker.shutdown();
  return [
    compare({ name: 'heap per call', value: own, unit: 'bytes', peer: 'cockatiel wrap', ratio: own / cockatiel, most: 1 / 6 }),
    compare({ name: 'heap per breaker', value: keptOwn, unit: 'bytes', peer: 'cockatiel', ratio: keptOwn / keptCockatiel, most: 1 / 3 }),
    compare({
      name: 'heap per breaker, time window, slow calls',
      value: keptSampling,
      unit: 'bytes',
      peer: 'cockatiel sampling breaker',
      ratio: keptSampling / keptCockatielSampling,
      most: 1 / 3,
    }),
    compare({ name: 'heap per breaker', value: keptOwn, unit: 'bytes', peer: 'opossum', ratio: keptOwn / keptOpossum, most: 1 / 8 }),
    bound({ name: 'heap of five breakers', value: (keptOwn * 5) / 1_000, unit: 'kB', most: 10 }),
    ...(await runIdle()),
  ];
}

/** Ten thousand breakers that have been used once and are left alone. */
async function runIdle(): Promise<readonly BenchRow[]> {
  const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const before = timers();
  const pipelines = Array.from({ length: 10_000 }, ownBreaker);
  for (const pipeline of pipelines) await pipeline.run(() => 1);
  const grown = timers() - before;
  const start = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const { user, system } = process.cpuUsage(start);
  return [
    bound({ name: `timers of ${pipelines.length} idle breakers`, value: grown, unit: 'timers', most: 0 }),
    bound({ name: `CPU of ${pipelines.length} idle breakers`, value: (user + system) / 30_000, unit: '% of a core', most: 1 }),
  ];
}

function runJitter(): readonly BenchRow[] {
  const fullMs = measureHerdMs(exponentialBackoff({ firstMs: 1_000, capMs: 30_000 }));
  const tenthMs = measureHerdMs(installerBackoff(INSTALLER_LIMITS));
  return [
    compare({
      name: 'a herd of 100 served, full jitter',
      value: fullMs / 1_000,
      unit: 's',
      peer: 'up to a tenth on top',
      ratio: fullMs / tenthMs,
      most: 1 / 5,
    }),
  ];
}

async function runSize(): Promise<readonly BenchRow[]> {
  const own = await measureBundleBytes(`export { createPipeline, createStaleCache, exponentialBackoff } from '@breakwater/resilience';`);
  const cockatiel = await measureBundleBytes(`export * from 'cockatiel';`);
  return [
    compare({
      name: 'pipeline with limiters, queue and cache, minified and compressed',
      value: own / 1_000,
      unit: 'kB',
      peer: 'cockatiel',
      ratio: own / cockatiel,
      most: 2,
    }),
  ];
}

export const bench: Bench = {
  name: 'resilience',
  summary: 'What a guarded call costs, next to cockatiel, opossum, p-retry, p-queue, bottleneck, mollitia and effect.',
  async run({ log }) {
    const collect = collector();
    const rows: BenchRow[] = [];
    const parts: readonly (readonly [string, () => Promise<readonly BenchRow[]> | readonly BenchRow[]])[] = [
      ['Calls that succeed', runCallers],
      ['Calls against an open breaker', runRefused],
      ['Calls that fail', runFailing],
      ['Calls that wait', runCrowds],
      ['Memory and idleness', () => runMemory(collect)],
      ['A herd of clients', runJitter],
      ['Size', runSize],
    ];
    for (const [title, run] of parts) {
      log(title);
      rows.push(...(await run()));
    }
    return rows;
  },
};
