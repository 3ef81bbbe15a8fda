import { type Moid, toMoid } from '@breakwater/kernel';
import type { ObjectSnapshot, PropertyReader, PropertySet, ReadOptions } from '../properties/index.ts';
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

/** One paged read. Pace it: figures change about every 20 s. */
export async function readGauges(reader: PropertyReader, options: ReadOptions): Promise<ServerGauges> {
  return toServerGauges(await reader.readAll(GAUGE_SETS, options));
}

export function toServerGauges(objects: readonly ObjectSnapshot[]): ServerGauges {
  const hosts: HostGauge[] = [];
  const datastores: DatastoreGauge[] = [];
  const machines: MachineGauges[] = [];
  const cpu = { usageMhz: 0, totalMhz: 0, cores: 0 };
  const memory = { usedBytes: 0, totalBytes: 0 };
  for (const { ref, properties } of objects) {
    const fields = new Fields(properties);
    if (ref.type === 'VirtualMachine') machines.push(toMachineGauges(ref.value, fields));
    if (ref.type === 'Datastore') datastores.push(toDatastoreGauge(fields.struct('summary')));
    if (ref.type !== 'HostSystem') continue;
    const host = toHostGauge(ref.value, fields);
    hosts.push(host);
    if (host.connectionState !== 'connected') continue;
    const hardware = fields.struct('summary.hardware');
    const stats = fields.struct('summary.quickStats');
    const cores = hardware.number('numCpuCores') ?? 0;
    cpu.cores += cores;
    cpu.totalMhz += cores * (hardware.number('cpuMhz') ?? 0);
    cpu.usageMhz += stats.number('overallCpuUsage') ?? 0;
    memory.totalBytes += hardware.number('memorySize') ?? 0;
    memory.usedBytes += (stats.number('overallMemoryUsage') ?? 0) * MIB;
  }
  return {
    cpu: cpu.totalMhz > 0 ? cpu : null,
    memory: memory.totalBytes > 0 ? memory : null,
    datastores,
    hosts,
    machines,
  };
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
