import { createSeededRandom } from '@breakwater/kernel';
import { median } from './process-figures.ts';

/** Does the same thing that many times, one after the other. */
export type Contestant = (times: number) => Promise<void>;

/** Nanoseconds of CPU per operation, by round. */
export type Rounds = readonly number[];

const MAX_TIMES = 5_000_000;
const FIRST_TIMES = 100;

/** CPU time of this thread: neighbours on a shared machine do not count in it, as they do in wall time. */
function readThreadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

async function measureMs(contestant: Contestant, times: number): Promise<number> {
  const startMs = readThreadCpuMs();
  await contestant(times);
  return readThreadCpuMs() - startMs;
}

/** Warms up, and finds how many operations fill a slice. */
async function findTimes(contestant: Contestant, sliceMs: number): Promise<number> {
  let times = FIRST_TIMES;
  await contestant(times);
  for (;;) {
    const tookMs = Math.max(0.05, await measureMs(contestant, times));
    if (tookMs > sliceMs * 0.6 || times >= MAX_TIMES) return Math.max(1, Math.round((times * sliceMs) / tookMs));
    times = Math.ceil(times * Math.min(8, sliceMs / tookMs)) + 1;
  }
}

/** Every round lets everybody run once, in another order, so that what disturbs the machine disturbs all of them. */
export async function interleave<Name extends string>(
  contestants: Readonly<Record<Name, Contestant>>,
  options: { readonly rounds: number; readonly sliceMs: number },
): Promise<Readonly<Record<Name, Rounds>>> {
  const random = createSeededRandom(1);
  const names = Object.keys(contestants) as Name[];
  const times = new Map<Name, number>();
  const rounds = {} as Record<Name, number[]>;
  for (const name of names) {
    times.set(name, await findTimes(contestants[name], options.sliceMs));
    rounds[name] = [];
  }
  for (let round = 0; round < options.rounds; round++) {
    const order = names.map((name) => ({ name, at: random() })).sort((a, b) => a.at - b.at);
    for (const { name } of order) {
      const count = times.get(name) ?? 1;
      rounds[name].push(((await measureMs(contestants[name], count)) * 1_000_000) / count);
    }
  }
  return rounds;
}

/** Median of what it costs above the bare call of the same round. */
export function overheadNs(rounds: Rounds, bare: Rounds): number {
  return median(rounds.map((ns, round) => ns - (bare[round] ?? Number.NaN)));
}

/** Median of the ratios within a round; with `bare`, of what is above it. */
export function pairedRatio(own: Rounds, peer: Rounds, bare: Rounds | null): number {
  return median(
    own.map((ns, round) => {
      const floor = bare?.[round] ?? 0;
      return (ns - floor) / ((peer[round] ?? Number.NaN) - floor);
    }),
  );
}

/** Bytes of heap that one operation leaves to the collector. */
export async function measureBytes(contestant: Contestant, collect: () => void): Promise<number> {
  // Few enough for the young generation, so that nothing is collected in between.
  const times = 500;
  await contestant(times);
  await contestant(times);
  const samples: number[] = [];
  for (let sample = 0; sample < 11; sample++) {
    collect();
    const before = process.memoryUsage().heapUsed;
    await contestant(times);
    samples.push((process.memoryUsage().heapUsed - before) / times);
  }
  return median(samples);
}

/** Bytes of heap that each of many objects keeps. */
export function measureKeptBytes(create: () => unknown, collect: () => void): number {
  const count = 10_000;
  const kept: unknown[] = Array.from({ length: count }, () => null);
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let index = 0; index < count; index++) kept[index] = create();
  collect();
  const bytes = (process.memoryUsage().heapUsed - before) / count;
  // Read after measuring, so that nothing is collected before.
  return kept.length === count ? bytes : Number.NaN;
}
