import { type Moid, toMoid } from '@breakwater/kernel';
import type { ObjectSnapshot, PropertyReader, PropertySet, ReadOptions } from '../properties/index.ts';
import type { WorkSlicer } from '../wire/index.ts';
import { Fields } from './fields.ts';
import { decodeName } from './names.ts';

/** Moving figures of one server. Hosts that are not connected report none: they are named in `hosts`, not counted. */
export interface ServerGauges {
  readonly cpu: { readonly usageMhz: number; readonly totalMhz: number; readonly cores: number } | null;
  readonly memory: { readonly usedBytes: number; readonly totalBytes: number } | null;
  /** A datastore that several hosts share is listed once. */
  readonly datastores: readonly DatastoreGauge[];
  readonly hosts: readonly HostGauge[];
  readonly machines: readonly MachineGauges[];
}

export interface DatastoreGauge {
  readonly name: string;
  /** The same for the same storage seen by another server. */
  readonly url: string;
  readonly type: string;
  readonly capacityBytes: number;
  readonly freeBytes: number;
  readonly accessible: boolean;
}

export interface HostGauge {
  readonly moid: Moid;
  readonly name: string;
  readonly connectionState: string;
  readonly inMaintenanceMode: boolean;
  /** Null unless connected. */
  readonly uptimeSeconds: number | null;
}

export interface MachineGauges {
  readonly moid: Moid;
  /** Null unless running. */
  readonly cpuPercent: number | null;
  readonly memoryPercent: number | null;
}

/** Parents, not leaves: a whole struct costs the server less than its fields one by one, and is safe in every version. */
export const GAUGE_SETS: readonly PropertySet[] = [
  {
    type: 'HostSystem',
    paths: ['name', 'summary.hardware', 'summary.quickStats', 'runtime.connectionState', 'runtime.inMaintenanceMode'],
  },
  { type: 'Datastore', paths: ['summary'] },
  { type: 'VirtualMachine', paths: ['runtime.powerState', 'runtime.maxCpuUsage', 'config.hardware.memoryMB', 'summary.quickStats'] },
];

const MIB = 1024 * 1024;

export interface GaugeTools {
  readonly reader: PropertyReader;
  readonly slicer: WorkSlicer;
}

/** One paged read. Pace it: figures change about every 20 s. */
export async function readGauges({ reader, slicer }: GaugeTools, options: ReadOptions): Promise<ServerGauges> {
  const sum = new GaugeSum();
  await slicer.forEach(await reader.readAll(GAUGE_SETS, options), (object) => sum.add(object));
  return sum.result();
}

/** Adds up what the objects of one server say. */
export class GaugeSum {
  readonly #hosts: HostGauge[] = [];
  readonly #datastores: DatastoreGauge[] = [];
  readonly #machines: MachineGauges[] = [];
  readonly #cpu = { usageMhz: 0, totalMhz: 0, cores: 0 };
  readonly #memory = { usedBytes: 0, totalBytes: 0 };

  add({ ref, properties }: ObjectSnapshot): void {
    const fields = new Fields(properties);
    if (ref.type === 'VirtualMachine') this.#machines.push(toMachineGauges(ref.value, fields));
    if (ref.type === 'Datastore') this.#datastores.push(toDatastoreGauge(fields.struct('summary')));
    if (ref.type === 'HostSystem') this.#addHost(ref.value, fields);
  }

  result(): ServerGauges {
    return {
      cpu: this.#cpu.totalMhz > 0 ? this.#cpu : null,
      memory: this.#memory.totalBytes > 0 ? this.#memory : null,
      datastores: this.#datastores,
      hosts: this.#hosts,
      machines: this.#machines,
    };
  }

  #addHost(moid: string, fields: Fields): void {
    const host = toHostGauge(moid, fields);
    this.#hosts.push(host);
    if (host.connectionState !== 'connected') return;
    const hardware = fields.struct('summary.hardware');
    const stats = fields.struct('summary.quickStats');
    const cores = hardware.number('numCpuCores') ?? 0;
    this.#cpu.cores += cores;
    this.#cpu.totalMhz += cores * (hardware.number('cpuMhz') ?? 0);
    this.#cpu.usageMhz += stats.number('overallCpuUsage') ?? 0;
    this.#memory.totalBytes += hardware.number('memorySize') ?? 0;
    this.#memory.usedBytes += (stats.number('overallMemoryUsage') ?? 0) * MIB;
  }
}

function toHostGauge(moid: string, fields: Fields): HostGauge {
  const connectionState = fields.text('runtime.connectionState') ?? 'unknown';
  return {
    moid: toMoid(moid),
    name: decodeName(fields.text('name') ?? moid),
    connectionState,
    inMaintenanceMode: fields.flag('runtime.inMaintenanceMode') === true,
    uptimeSeconds: connectionState === 'connected' ? fields.struct('summary.quickStats').number('uptime') : null,
  };
}

function toDatastoreGauge(summary: Fields): DatastoreGauge {
  return {
    name: decodeName(summary.text('name') ?? ''),
    url: summary.text('url') ?? '',
    type: summary.text('type') ?? '',
    capacityBytes: summary.number('capacity') ?? 0,
    freeBytes: summary.number('freeSpace') ?? 0,
    accessible: summary.flag('accessible') === true,
  };
}

function toMachineGauges(moid: string, fields: Fields): MachineGauges {
  const stats = fields.struct('summary.quickStats');
  const isRunning = fields.text('runtime.powerState') === 'poweredOn';
  return {
    moid: toMoid(moid),
    cpuPercent: isRunning ? toPercent(stats.number('overallCpuUsage'), fields.number('runtime.maxCpuUsage')) : null,
    memoryPercent: isRunning ? toPercent(stats.number('guestMemoryUsage'), fields.number('config.hardware.memoryMB')) : null,
  };
}

/** Samples of different instants can exceed the whole by a little. */
function toPercent(part: number | null, whole: number | null): number | null {
  if (part === null || whole === null || whole <= 0) return null;
  return Math.min(100, Math.max(0, (part / whole) * 100));
}
