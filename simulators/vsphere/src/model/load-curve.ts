import type { MachineIdentity, MachineLoad } from './machine.ts';

/** Load of a machine at an instant: slow waves with a shape of its own, repeatable for a seed. */
export function loadAt(identity: MachineIdentity, nowMs: number): MachineLoad {
  const { seed, cpus, memoryMb, cpuMhzPerCore } = identity;
  const phase = (seed % 628) / 100;
  const minutes = nowMs / 60_000;
  const base = 0.03 + ((seed >>> 3) % 30) / 100;
  const swing = 0.5 + 0.35 * Math.sin(minutes / (2 + (seed % 7)) + phase) + 0.15 * Math.sin(minutes * 3.1 + phase * 2);
  const cpuShare = Math.min(0.98, Math.max(0.005, base * 2 * swing));
  const memoryShare = 0.15 + ((seed >>> 5) % 50) / 100 + 0.08 * Math.sin(minutes / 9 + phase);
  const activeMb = Math.floor(memoryMb * memoryShare);
  return {
    cpuMhz: Math.floor(cpus * cpuMhzPerCore * cpuShare),
    activeMb,
    consumedMb: Math.min(memoryMb, Math.floor(activeMb * 1.25)),
  };
}
