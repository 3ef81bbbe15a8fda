import { systemClock } from '@breakwater/kernel';
import { DEFAULT_USERS, type PersonalityId, startVsphereSimulator } from '@breakwater/sim-vsphere';
import { listen } from '../listen.ts';
import type { Terminal } from '../terminal.ts';
import { untilStopped } from '../until-stopped.ts';

export interface SimulateVsphereInput {
  readonly personality: PersonalityId;
  readonly machines: number;
  readonly seed: number;
  readonly host: string;
  readonly port: number;
  readonly controlPort: number;
}

/** Serves one simulated ESXi host or vCenter until it is told to stop. */
export async function simulateVsphere(terminal: Terminal, input: SimulateVsphereInput): Promise<void> {
  const simulator = await listen({ listen: () => startVsphereSimulator({ ...input, clock: systemClock }) });
  try {
    terminal.print(`Serving ${input.personality} with ${input.machines} machines`);
    terminal.print(`  address      ${simulator.origin}`);
    terminal.print(`  certificate  SHA-256 ${simulator.certificateSha256}`);
    for (const [user, password] of Object.entries(DEFAULT_USERS)) terminal.print(`  sign in as   ${user} with ${password}`);
    terminal.print(`  control      ${simulator.controlOrigin ?? ''}`);
    await untilStopped();
  } finally {
    await simulator.stop();
  }
}
