import { createSeededRandom } from '@breakwater/kernel';
import { median } from './process-figures.ts';

/** Does the same thing that many times, one after the other. */
export interface Contestant {
  (times: number): Promise<void>;
  /** It cannot do fewer at a time; more only in multiples. Default 1. */
  readonly step?: number;
}

/** Nanoseconds of CPU per operation, by round. */
export type Rounds = readonly number[];

const MAX_TIMES = 5_000_000;
const FIRST_TIMES = 100;

/**
 * CPU time of this process: neighbours on a shared machine do not count in it, as they do in wall time, and what a contestant leaves to
 * the threads of the collector does. That of the thread alone moves in steps of 4 ms on some kernels, which is a fifth of a slice.
 */
function readCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

async function measureMs(contestant: Contestant, times: number): Promise<number> {
  const startMs = readCpuMs();
  await contestant(times);
  return readCpuMs() - startMs;
}

/** Until the compiler has done its best for it; on a busy machine it comes late, and would then change sides in the middle of a measurement. */
const WARM_UP_MS = 150;

/** Finds how many operations fill a slice. */
async function findTimes(contestant: Contestant, sliceMs: number): Promise<number> {
  const { step = 1 } = contestant;
  const toSteps = (times: number): number => Math.ceil(times / step) * step;
  let times = toSteps(FIRST_TIMES);
  await contestant(times);
  for (;;) {
    const tookMs = Math.max(0.05, await measureMs(contestant, times));
    if (tookMs > sliceMs * 0.6 || times >= MAX_TIMES) return toSteps(Math.max(1, Math.round((times * sliceMs) / tookMs)));
    times = toSteps(times * Math.min(8, sliceMs / tookMs) + 1);
  }
}

/** Every round lets everybody run once, in another order, so that what disturbs the machine disturbs all of them. */
export async function interleave<Name extends string>(
  contestants: Readonly<Record<Name, Contestant>>,
  options: { readonly rounds: number; readonly sliceMs: number; readonly warmUpMs?: number },
): Promise<Readonly<Record<Name, Rounds>>> {
  const random = createSeededRandom(1);
  const names = Object.keys(contestants) as Name[];
  const times = new Map<Name, number>();
  const rounds = {} as Record<Name, number[]>;
  for (const name of names) {
    times.set(name, await findTimes(contestants[name], options.sliceMs));
    rounds[name] = [];
  }
  // In turns too, because what is compiled for one contestant must still fit when all have run.
  for (let warmedMs = 0; warmedMs < (options.warmUpMs ?? WARM_UP_MS); warmedMs += options.sliceMs) {
    for (const name of names) await measureMs(contestants[name], times.get(name) ?? 1);
  }
  for (const name of names) times.set(name, await findTimes(contestants[name], options.sliceMs));
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
