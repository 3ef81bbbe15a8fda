import { describe, expect, it } from 'vitest';
import type { ObjectSnapshot } from '../properties/index.ts';
import { selectKnownPaths } from '../properties/index.ts';
import { API_VERSIONS } from '../schema/index.ts';
import { GAUGE_SETS, GaugeSum, type ServerGauges } from './gauges.ts';
import { WATCHED_SETS } from './inventory.ts';

const host = (value: string, state: string, properties: Record<string, unknown> = {}) => ({
  ref: { type: 'HostSystem', value },
  properties: { name: value, 'runtime.connectionState': state, 'runtime.inMaintenanceMode': false, ...properties },
});
const HARDWARE = { cpuMhz: 2_000, numCpuCores: 8, memorySize: 64 * 1024 ** 3 };

function toServerGauges(objects: readonly ObjectSnapshot[]): ServerGauges {
  const sum = new GaugeSum();
  for (const object of objects) sum.add(object);
  return sum.result();
}

describe('GaugeSum', () => {
  it('sums over connected hosts and names the others', () => {
    const gauges = toServerGauges([
      host('a', 'connected', {
        'summary.hardware': HARDWARE,
        'summary.quickStats': { overallCpuUsage: 4_000, overallMemoryUsage: 1_024, uptime: 60 },
      }),
      host('b', 'connected', { 'summary.hardware': HARDWARE, 'summary.quickStats': { overallCpuUsage: 2_000, overallMemoryUsage: 2_048 } }),
      host('c', 'notResponding', { 'summary.hardware': HARDWARE, 'summary.quickStats': { overallCpuUsage: 99_999 } }),
    ]);
    expect(gauges.cpu).toEqual({ usageMhz: 6_000, totalMhz: 32_000, cores: 16 });
    expect(gauges.memory).toEqual({ usedBytes: 3 * 1024 ** 3, totalBytes: 128 * 1024 ** 3 });
    expect(gauges.hosts.map((each) => [each.name, each.connectionState, each.uptimeSeconds])).toEqual([
      ['a', 'connected', 60],
      ['b', 'connected', null],
      ['c', 'notResponding', null],
    ]);
  });

  it('has no figures for a server none of whose hosts is connected', () => {
    expect(toServerGauges([host('a', 'disconnected')])).toMatchObject({ cpu: null, memory: null, hosts: [{ name: 'a' }] });
  });

  it('lists datastores with what is known, also unreachable ones', () => {
    const datastore = (value: string, summary: Record<string, unknown>) => ({ ref: { type: 'Datastore', value }, properties: { summary } });
    const gauges = toServerGauges([
      datastore('ds-1', { name: 'ssd%2f1', url: 'ds:///vmfs/volumes/1/', type: 'VMFS', capacity: 1_000, freeSpace: 400, accessible: true }),
      datastore('ds-2', { name: 'nfs', accessible: false }),
    ]);
    expect(gauges.datastores).toEqual([
      { name: 'ssd/1', url: 'ds:///vmfs/volumes/1/', type: 'VMFS', capacityBytes: 1_000, freeBytes: 400, accessible: true },
      { name: 'nfs', url: '', type: '', capacityBytes: 0, freeBytes: 0, accessible: false },
    ]);
  });

  it('measures running machines against what they may use', () => {
    const machine = (value: string, properties: Record<string, unknown>) => ({ ref: { type: 'VirtualMachine', value }, properties });
    const stats = { 'summary.quickStats': { overallCpuUsage: 500, guestMemoryUsage: 1_024 }, 'config.hardware.memoryMB': 4_096 };
    const gauges = toServerGauges([
      machine('1', { ...stats, 'runtime.powerState': 'poweredOn', 'runtime.maxCpuUsage': 2_000 }),
      machine('2', { ...stats, 'runtime.powerState': 'poweredOff', 'runtime.maxCpuUsage': 2_000 }),
      machine('3', { ...stats, 'runtime.powerState': 'poweredOn', 'runtime.maxCpuUsage': 400 }),
      machine('4', { 'runtime.powerState': 'poweredOn' }),
    ]);
    expect(gauges.machines).toEqual([
      { moid: '1', cpuPercent: 25, memoryPercent: 25 },
      { moid: '2', cpuPercent: null, memoryPercent: null },
      { moid: '3', cpuPercent: 100, memoryPercent: 25 },
      { moid: '4', cpuPercent: null, memoryPercent: null },
    ]);
  });
});

describe('property sets', () => {
  it('hold only paths that every version knows, so nothing shown depends on the version', () => {
    const wanted = [...WATCHED_SETS, ...GAUGE_SETS];
    for (const version of API_VERSIONS) expect(selectKnownPaths(wanted, version)).toEqual(wanted);
  });

  it('do not watch figures that change all the time', () => {
    expect(WATCHED_SETS.flatMap((set) => set.paths).filter((path) => path.includes('quickStats'))).toEqual([]);
  });
});
