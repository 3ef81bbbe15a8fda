import type { SimulatorOptions } from './simulator.ts';

/** Servers that together make a fleet worth looking at: three hosts of three releases and a vCenter. */
export function createFleetPersonality(
  options: { readonly seed?: number; readonly machinesPerHost?: number } = {},
): readonly (SimulatorOptions & { readonly name: string })[] {
  const { seed = 2026, machinesPerHost = 24 } = options;
  return [
    {
      name: 'esx-madrid',
      personality: 'esxi-8.0',
      hostName: 'esx-madrid.example',
      machines: machinesPerHost,
      seed,
      subnet: 21,
      site: 'mad',
    },
    {
      name: 'esx-riga',
      personality: 'esxi-7.0',
      hostName: 'esx-riga.example',
      machines: Math.ceil(machinesPerHost * 0.75),
      seed: seed + 1,
      subnet: 22,
      site: 'rig',
    },
    {
      name: 'esx-lab',
      personality: 'esxi-6.7',
      hostName: 'esx-lab.example',
      machines: Math.ceil(machinesPerHost * 0.5),
      seed: seed + 2,
      subnet: 23,
      site: 'lab',
    },
    {
      name: 'vcenter',
      personality: 'vcenter-8.0',
      machines: machinesPerHost * 2,
      seed: seed + 3,
      subnet: 24,
      site: 'dc',
      users: { 'administrator@vsphere.local': 'simulated' },
    },
  ];
}
