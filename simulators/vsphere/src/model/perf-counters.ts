import type { PersonalityId } from '../personality.ts';

export interface PerfCounter {
  readonly key: number;
  readonly group: string;
  readonly name: string;
  readonly rollup: string;
  readonly unit: string;
  readonly stats: string;
}

const COUNTERS: readonly Omit<PerfCounter, 'key'>[] = [
  { group: 'cpu', name: 'usage', rollup: 'average', unit: 'percent', stats: 'rate' },
  { group: 'cpu', name: 'usagemhz', rollup: 'average', unit: 'megaHertz', stats: 'rate' },
  { group: 'cpu', name: 'ready', rollup: 'summation', unit: 'millisecond', stats: 'delta' },
  { group: 'mem', name: 'usage', rollup: 'average', unit: 'percent', stats: 'absolute' },
  { group: 'mem', name: 'active', rollup: 'average', unit: 'kiloBytes', stats: 'absolute' },
  { group: 'mem', name: 'consumed', rollup: 'average', unit: 'kiloBytes', stats: 'absolute' },
  { group: 'disk', name: 'usage', rollup: 'average', unit: 'kiloBytesPerSecond', stats: 'rate' },
  { group: 'net', name: 'usage', rollup: 'average', unit: 'kiloBytesPerSecond', stats: 'rate' },
  { group: 'sys', name: 'uptime', rollup: 'latest', unit: 'second', stats: 'absolute' },
];

/** Ids differ between releases; only the names are dependable. */
const FIRST_KEY: Readonly<Record<PersonalityId, number>> = { 'esxi-6.7': 2, 'esxi-7.0': 65_538, 'esxi-8.0': 131_074, 'vcenter-8.0': 6 };

export const countersOf = (id: PersonalityId): readonly PerfCounter[] =>
  COUNTERS.map((counter, index) => ({ key: FIRST_KEY[id] + index * 3, ...counter }));

const element = (key: string): unknown => ({ label: key, summary: key, key });

export const describeCounter = (counter: PerfCounter): unknown => ({
  key: counter.key,
  nameInfo: element(counter.name),
  groupInfo: element(counter.group),
  unitInfo: element(counter.unit),
  rollupType: counter.rollup,
  statsType: counter.stats,
  level: 1,
  perDeviceLevel: 3,
});
