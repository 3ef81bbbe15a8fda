import { createSeededRandom } from '@breakwater/kernel';
import type { AdmissionSpec, Limiter } from '@breakwater/resilience';
import type { Bench, BenchRow } from './row.ts';
import { contendOverHttp } from './support/limiter-over-http.ts';
import { SCENARIOS, type Scenario } from './support/limiter-scenarios.ts';
import { type LimiterFigures, simulate } from './support/limiter-simulation.ts';
import { AwsAdaptive, Gradient2, NetflixAimd, Vegas } from './support/peer-limiters.ts';
import { median, round } from './support/process-figures.ts';

const SEEDS: readonly number[] = [1, 2, 3, 4, 5, 6, 7];
const MOST_CONCURRENT = 64;
const OURS = 'paced window';
const INSIDE = 'paced window inside spec 01';

interface Contender {
  readonly name: string;
  readonly kind: 'ours' | 'documents' | 'library';
  readonly createAdmission: (scenario: Scenario) => AdmissionSpec;
}

function withLimiter(create: (scenario: Scenario) => Limiter): (scenario: Scenario) => AdmissionSpec {
  return (scenario) => ({ maxConcurrent: MOST_CONCURRENT, limiter: { kind: 'custom', create: () => create(scenario) } });
}

const SPEC_01 = { maxConcurrent: 4, minIntervalMs: 150 } as const;
const SPEC_02 = { maxConcurrent: 12, minIntervalMs: 150 } as const;

const CONTENDERS: readonly Contender[] = [
  { name: 'fixed 4, 0.15 s (spec 01)', kind: 'documents', createAdmission: () => SPEC_01 },
  { name: 'fixed 12, 0.15 s (spec 02)', kind: 'documents', createAdmission: () => SPEC_02 },
  {
    name: 'law of spec 02, 0.5-10 s',
    kind: 'documents',
    createAdmission: () => ({ maxConcurrent: MOST_CONCURRENT, limiter: { kind: 'delay', law: 'as-written' } }),
  },
  {
    name: 'law of spec 02, 0.02-10 s',
    kind: 'documents',
    createAdmission: () => ({ maxConcurrent: MOST_CONCURRENT, limiter: { kind: 'delay', law: 'as-written', minMs: 20 } }),
  },
  { name: 'AIMD (Netflix)', kind: 'library', createAdmission: withLimiter(() => new NetflixAimd()) },
  { name: 'Vegas (Netflix)', kind: 'library', createAdmission: withLimiter(() => new Vegas(createSeededRandom(1))) },
  { name: 'Gradient2 (Netflix)', kind: 'library', createAdmission: withLimiter(() => new Gradient2()) },
  { name: 'AWS adaptive', kind: 'library', createAdmission: withLimiter(() => new AwsAdaptive()) },
  { name: 'delay', kind: 'ours', createAdmission: () => ({ maxConcurrent: MOST_CONCURRENT, limiter: { kind: 'delay' } }) },
  { name: 'aimd', kind: 'ours', createAdmission: () => ({ maxConcurrent: MOST_CONCURRENT, limiter: { kind: 'aimd' } }) },
  { name: OURS, kind: 'ours', createAdmission: () => ({ maxConcurrent: MOST_CONCURRENT, limiter: { kind: 'pacedWindow' } }) },
  { name: INSIDE, kind: 'ours', createAdmission: () => ({ ...SPEC_01, limiter: { kind: 'pacedWindow' } }) },
];

/** Means over the scenarios, of medians over the seeds; the worst convergence. */
interface Result extends LimiterFigures {
  readonly contender: Contender;
}

const NAME_WIDTH = 30;
const CELL_WIDTH = 25;

async function contend(contender: Contender, log: (line: string) => void): Promise<Result> {
  const cells: LimiterFigures[] = [];
  for (const scenario of SCENARIOS) {
    const runs: LimiterFigures[] = [];
    for (const seed of SEEDS) runs.push(await simulate(scenario, { createAdmission: contender.createAdmission, seed }));
    const middle = (figure: keyof LimiterFigures): number => median(runs.map((run) => run[figure]));
    cells.push({
      goodput: middle('goodput'),
      errors: middle('errors'),
      interactiveS: middle('interactiveS'),
      convergenceS: middle('convergenceS'),
    });
  }
  const mean = (figure: keyof LimiterFigures): number => cells.reduce((total, cell) => total + cell[figure], 0) / cells.length;
  const result: Result = {
    contender,
    goodput: mean('goodput'),
    errors: mean('errors'),
    interactiveS: mean('interactiveS'),
    convergenceS: Math.max(...cells.map((cell) => cell.convergenceS)),
  };
  log([contender.name.padEnd(NAME_WIDTH), ...[...cells, result].map((cell) => toText(cell).padEnd(CELL_WIDTH))].join('').trimEnd());
  return result;
}

function toText(cell: LimiterFigures): string {
  return `${cell.goodput.toFixed(2)} ${(cell.errors * 100).toFixed(1)} % ${cell.interactiveS.toFixed(1)} s ${cell.convergenceS.toFixed(0)} s`;
}

async function contendInVirtualTime(log: (line: string) => void): Promise<readonly Result[]> {
  log('goodput / capacity, failed attempts, p99 of calls a person waits for, time to four fifths of a new capacity');
  log(
    [''.padEnd(NAME_WIDTH), ...[...SCENARIOS.map(({ name }) => name), 'mean (worst time)'].map((name) => toHeading(name))]
      .join('')
      .trimEnd(),
  );
  const results: Result[] = [];
  for (const contender of CONTENDERS) results.push(await contend(contender, log));
  return results;
}

function toHeading(name: string): string {
  return name.slice(0, CELL_WIDTH - 2).padEnd(CELL_WIDTH);
}

function find(results: readonly Result[], name: string): Result {
  const result = results.find(({ contender }) => contender.name === name);
  if (result === undefined) throw new Error(`There is no contender "${name}".`);
  return result;
}

function againstLibraries(results: readonly Result[]): readonly BenchRow[] {
  const ours = find(results, OURS);
  const aws = find(results, 'AWS adaptive');
  const law = find(results, 'law of spec 02, 0.02-10 s');
  const libraries = results.filter(({ contender }) => contender.kind === 'library');
  const best = libraries.reduce((most, one) => (one.goodput > most.goodput ? one : most));
  const errorsToAws = ours.errors / aws.errors;
  const waitToBest = ours.interactiveS / best.interactiveS;
  return [
    {
      name: 'G10 goodput, mean of six scenarios',
      value: round(ours.goodput),
      unit: 'of capacity',
      peer: best.contender.name,
      ratio: round(ours.goodput / best.goodput),
      goal: 'at least 0.88 of capacity',
      ok: ours.goodput >= 0.88,
    },
    {
      name: 'G10 failed attempts, mean',
      value: round(ours.errors * 100),
      unit: '%',
      peer: aws.contender.name,
      ratio: round(errorsToAws),
      goal: 'at most 4 % and 0.25 x',
      ok: ours.errors <= 0.04 && errorsToAws <= 0.25,
    },
    {
      name: 'G10 failed attempts against the law',
      value: round(ours.errors * 100),
      unit: '%',
      peer: law.contender.name,
      ratio: round(ours.errors / law.errors),
      goal: 'at most 0.25 x',
      ok: ours.errors / law.errors <= 0.25,
    },
    {
      name: 'G10 worst convergence',
      value: round(ours.convergenceS),
      unit: 's',
      peer: null,
      ratio: null,
      goal: 'at most 20 s',
      ok: ours.convergenceS <= 20,
    },
    {
      name: 'G10 interactive p99, mean',
      value: round(ours.interactiveS),
      unit: 's',
      peer: best.contender.name,
      ratio: round(waitToBest),
      goal: 'at most 0.6 x the library of most goodput',
      ok: waitToBest <= 0.6,
    },
  ];
}

function againstFixed(results: readonly Result[]): readonly BenchRow[] {
  const ours = find(results, OURS);
  const inside = find(results, INSIDE);
  const fixed = find(results, 'fixed 4, 0.15 s (spec 01)');
  const peer = fixed.contender.name;
  return [
    {
      name: 'G17 goodput',
      value: round(ours.goodput),
      unit: 'of capacity',
      peer,
      ratio: round(ours.goodput / fixed.goodput),
      goal: 'at least 1.3 x at no more errors',
      ok: ours.goodput >= 1.3 * fixed.goodput && ours.errors <= fixed.errors,
    },
    {
      name: 'G17 interactive p99',
      value: round(ours.interactiveS),
      unit: 's',
      peer,
      ratio: round(ours.interactiveS / fixed.interactiveS),
      goal: 'at most 1 x',
      ok: ours.interactiveS <= fixed.interactiveS,
    },
    {
      name: 'G17 failed attempts inside the same bounds',
      value: round(inside.errors * 100),
      unit: '%',
      peer,
      ratio: round(inside.errors / fixed.errors),
      goal: 'at most 0.2 x',
      ok: inside.errors <= 0.2 * fixed.errors,
    },
  ];
}

/** All at the same time, each with a server of its own, so that one busy moment of this machine meets them alike. */
async function contendForReal(log: (line: string) => void): Promise<readonly BenchRow[]> {
  log('HTTP on loopback, workers 6 > 2 > 6, each contender with a server of its own');
  const contest = async (name: string, admission: AdmissionSpec) => {
    const figures = await contendOverHttp(admission);
    log(
      `${name.padEnd(NAME_WIDTH)}${figures.goodput.toFixed(2)} ${(figures.errors * 100).toFixed(1)} % ${(figures.interactiveS * 1_000).toFixed(0)} ms`,
    );
    return figures;
  };
  const aimd = 'AIMD (Netflix)';
  const [ours, peer] = await Promise.all([
    contest(OURS, { maxConcurrent: MOST_CONCURRENT, limiter: { kind: 'pacedWindow' } }),
    contest(aimd, { maxConcurrent: MOST_CONCURRENT, limiter: { kind: 'custom', create: () => new NetflixAimd() } }),
    contest('AWS adaptive', { maxConcurrent: MOST_CONCURRENT, limiter: { kind: 'custom', create: () => new AwsAdaptive() } }),
    contest('fixed 4, 0.15 s (spec 01)', SPEC_01),
  ]);
  return [
    {
      name: 'HTTP goodput',
      value: round(ours.goodput),
      unit: 'of capacity',
      peer: aimd,
      ratio: round(ours.goodput / peer.goodput),
      goal: 'at least 0.75 of capacity',
      ok: ours.goodput >= 0.75,
    },
    {
      name: 'HTTP failed attempts',
      value: round(ours.errors * 100),
      unit: '%',
      peer: aimd,
      ratio: round(ours.errors / peer.errors),
      goal: 'at most 5 %',
      ok: ours.errors <= 0.05,
    },
  ];
}

export const bench: Bench = {
  name: 'limiter',
  summary: 'What a limiter gets out of servers that do not say what they stand, against the documents’ settings and libraries.',
  async run({ log }) {
    const results = await contendInVirtualTime(log);
    const real = await contendForReal(log);
    return [...againstLibraries(results), ...againstFixed(results), ...real];
  },
};
