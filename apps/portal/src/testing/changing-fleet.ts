import { createHash } from 'node:crypto';
import { type Clock, formatInstant, type Random, toMoid, toServerId } from '@breakwater/kernel';
import { FakeFleet } from './fake-fleet.ts';
import { makeMachine, makeServer } from './samples.ts';

const SERVERS = [
  { id: 'esx-01', name: 'esx-01', machineCount: 40, state: 'live' },
  { id: 'esx-02', name: 'esx-02', machineCount: 60, state: 'slow' },
  { id: 'esx-03', name: 'esx-03', machineCount: 20, state: 'unreachable' },
  { id: 'vc-01', name: 'vc-01', machineCount: 300, state: 'live' },
] as const;

const TICK_MS = 1_000;

/** A fake fleet in which something happens every second: gauges move, screens change, machines go on and off. */
export function createChangingFleet(options: { readonly clock: Clock; readonly random: Random }): FakeFleet {
  const { clock, random } = options;
  const fleet = new FakeFleet(clock);
  for (const { machineCount, ...server } of SERVERS) {
    const problem = server.state === 'unreachable' ? 'The server does not answer.' : null;
    fleet.seed(
      { ...server, vm_count: machineCount, vm_on_count: machineCount, problem, data_at: formatInstant(clock.wall()) },
      { machineCount },
    );
  }
  const tick = (): void => {
    for (let count = 0; count < 5; count++) changeOne(fleet, random);
    clock.after(TICK_MS, tick);
  };
  clock.after(TICK_MS, tick);
  return fleet;
}

function changeOne(fleet: FakeFleet, random: Random): void {
  const machines = fleet.machines();
  const machine = machines[Math.floor(random() * machines.length)];
  if (machine === undefined) return;
  const ref = { serverId: toServerId(machine.server_id), moid: toMoid(machine.moid) };
  if (random() < 0.3) {
    fleet.changeScreen(ref, drawScreen(machine.name, Math.floor(random() * 1_000)));
    return;
  }
  const isOn = random() > 0.1;
  const power_state = isOn ? 'poweredOn' : 'poweredOff';
  fleet.changeMachine(makeMachine({ ...fleet.machine(ref), power_state, cpu_percent: isOn ? Math.round(random() * 100) : null }));
  const own = fleet.machines().filter((candidate) => candidate.server_id === machine.server_id);
  const vm_on_count = own.filter((candidate) => candidate.power_state === 'poweredOn').length;
  fleet.changeServer(makeServer({ ...fleet.server(ref.serverId), vm_on_count }));
}

function drawScreen(name: string, number: number): Parameters<FakeFleet['changeScreen']>[1] {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="200" height="150"><rect width="200" height="150" fill="#101820"/><text x="10" y="30" font-family="monospace" font-size="12" fill="#9fe870">${name} login: ${number}</text></svg>`;
  const bytes = Buffer.from(svg);
  return { bytes, mediaType: 'image/svg+xml', hash: createHash('sha256').update(bytes).digest('hex'), ageMs: 0, isStale: false };
}
