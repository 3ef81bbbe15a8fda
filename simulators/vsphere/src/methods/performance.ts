import { formatInstant } from '@breakwater/kernel';
import type { Moref, Value } from '@breakwater/vsphere/schema';
import { requireObject } from '../collector/select-objects.ts';
import { loadAt } from '../model/load-curve.ts';
import type { Machine } from '../model/machine.ts';
import { countersOf, describeCounter, type PerfCounter } from '../model/perf-counters.ts';
import { type Call, findObject } from '../server-state.ts';
import { invalidArgument } from '../soap/soap-fault.ts';

const INTERVAL_S = 20;
/** Real-time samples are kept for an hour. */
const MAX_SAMPLES = 180;

export const queryPerfCounter = (call: Call): unknown => {
  const counters = countersOf(call.server.personality.id);
  return (call.args['counterId'] as readonly number[]).map((key) => {
    const counter = counters.find((candidate) => candidate.key === key);
    if (counter === undefined) throw invalidArgument('counterId');
    return describeCounter(counter);
  });
};

export function queryPerfProviderSummary(call: Call): unknown {
  const entity = call.args['entity'] as Moref;
  requireObject((ref) => findObject(call, ref), entity);
  return { entity, currentSupported: true, summarySupported: call.server.personality.apiType === 'VirtualCenter', refreshRate: INTERVAL_S };
}

/** Real-time samples, oldest first. A machine that is off answers nothing. */
export function queryPerf(call: Call): unknown {
  return (call.args['querySpec'] as readonly Value<'PerfQuerySpec'>[]).flatMap((spec) => answerSpec(call, spec));
}

function answerSpec(call: Call, spec: Value<'PerfQuerySpec'>): readonly unknown[] {
  const { server } = call;
  requireObject((ref) => findObject(call, ref), spec.entity);
  if (spec.intervalId !== undefined && spec.intervalId !== INTERVAL_S) return [];
  if (spec.maxSample !== undefined && spec.maxSample <= 0) throw invalidArgument('querySpec.maxSample');
  const machines = machinesBehind(call, spec.entity);
  if (machines.length === 0) return [];
  const count = Math.min(spec.maxSample ?? MAX_SAMPLES, MAX_SAMPLES);
  const nowMs = server.clock.now();
  const ages = Array.from({ length: count }, (_, index) => (count - 1 - index) * INTERVAL_S * 1_000);
  const newestWallMs = Math.floor(server.clock.wall() / (INTERVAL_S * 1_000)) * INTERVAL_S * 1_000;
  const counters = countersOf(server.personality.id);
  const wanted = (spec.metricId ?? counters.map((counter) => ({ counterId: counter.key, instance: '' }))).flatMap((metric) => {
    const counter = counters.find((candidate) => candidate.key === metric.counterId);
    return counter === undefined || (metric.instance !== '' && metric.instance !== '*') ? [] : [counter];
  });
  const series = wanted.map((counter) => ({
    id: { counterId: counter.key, instance: '' },
    samples: ages.map((ageMs) => sumSample(counter, { machines, atMs: nowMs - ageMs })),
  }));
  const stamps = ages.map((ageMs) => formatInstant(newestWallMs - ageMs));
  if (spec.format === 'csv') {
    const sampleInfoCSV = stamps.map((stamp) => `${INTERVAL_S},${stamp}`).join(',');
    return [
      {
        $type: 'PerfEntityMetricCSV',
        entity: spec.entity,
        sampleInfoCSV,
        value: series.map(({ id, samples }) => ({ id, value: samples.join(',') })),
      },
    ];
  }
  return [
    {
      $type: 'PerfEntityMetric',
      entity: spec.entity,
      sampleInfo: stamps.map((timestamp) => ({ timestamp, interval: INTERVAL_S })),
      value: series.map(({ id, samples }) => ({ $type: 'PerfMetricIntSeries', id, value: samples })),
    },
  ];
}

function machinesBehind(call: Call, entity: Moref | undefined): Machine[] {
  const isOn = (machine: Machine): boolean => machine.powerState === 'poweredOn' && machine.isReadable;
  const { inventory } = call.server;
  if (entity?.type === 'HostSystem')
    return [...inventory.machines()].filter((machine) => isOn(machine) && machine.identity.host.value === entity.value);
  const machine = entity?.type === 'VirtualMachine' ? inventory.findMachine(entity.value) : undefined;
  return machine !== undefined && isOn(machine) ? [machine] : [];
}

/** −1 stands for a sample that was not taken: before the guest was on. */
function sumSample(counter: PerfCounter, use: { readonly machines: readonly Machine[]; readonly atMs: number }): number {
  const values = use.machines.flatMap((machine) => {
    const { life } = machine;
    return 'sinceMs' in life && life.sinceMs <= use.atMs ? [sampleOf(counter, { machine, atMs: use.atMs })] : [];
  });
  if (values.length === 0) return -1;
  const total = values.reduce((sum, value) => sum + value, 0);
  return Math.floor(counter.unit === 'percent' ? total / values.length : total);
}

function sampleOf(counter: PerfCounter, use: { readonly machine: Machine; readonly atMs: number }): number {
  const { identity } = use.machine;
  const load = loadAt(identity, use.atMs);
  switch (`${counter.group}.${counter.name}`) {
    case 'cpu.usage':
      return (load.cpuMhz / (identity.cpus * identity.cpuMhzPerCore)) * 10_000;
    case 'cpu.usagemhz':
      return load.cpuMhz;
    case 'cpu.ready':
      return load.cpuMhz % 400;
    case 'mem.usage':
      return (load.activeMb / identity.memoryMb) * 10_000;
    case 'mem.active':
      return load.activeMb * 1_024;
    case 'mem.consumed':
      return load.consumedMb * 1_024;
    case 'sys.uptime':
      return 'sinceMs' in use.machine.life ? (use.atMs - use.machine.life.sinceMs) / 1_000 : 0;
    default:
      return (load.cpuMhz * 7) % 20_000;
  }
}
