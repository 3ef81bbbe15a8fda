// What one change costs until the list with it is ready to be sent, in the portal's own parts.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { MachineList } from '@breakwater/contract';
import type { FleetEvent } from '@breakwater/fleet';
import { systemClock } from '@breakwater/kernel';
import { ListBodies } from '../../../apps/portal/src/live/list-bodies.ts';
import { LiveFleet } from '../../../apps/portal/src/live/live-fleet.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '100' }, encoding: { type: 'string', default: '' } },
});
const rounds = Number(values.rounds);
const list = JSON.parse(readFileSync(positionals[0] ?? '', 'utf8')) as MachineList;
const serverId = list.vms[0]?.server_id ?? '';

const told: ((event: FleetEvent) => void)[] = [];
const fleet = {
  subscribe: (listener: (event: FleetEvent) => void) => {
    told.push(listener);
    return () => undefined;
  },
  machines: () => list.vms,
  operations: () => Promise.resolve([]),
  servers: () => [],
  machineList: () => list,
};
const live = new LiveFleet(fleet);
await live.load();
const lists = new ListBodies({ fleet, live, clock: systemClock, boot: 'bench' });

let bytes = 0;
async function change(turn: number): Promise<void> {
  const machine = list.vms[(turn * 37) % list.vms.length];
  if (machine === undefined) throw new Error('the list is empty');
  for (const listener of told) listener({ kind: 'machine.changed', machine: { ...machine, name: `renamed ${turn}` } });
  const { body } = lists.ofServer(serverId);
  bytes = values.encoding === '' ? body.bytes.length : (await body.encode(values.encoding).bytes).length;
}

for (let turn = 0; turn < 20; turn++) await change(turn);
const used = process.cpuUsage();
for (let turn = 0; turn < rounds; turn++) await change(turn + 20);
const { user, system } = process.cpuUsage(used);
console.log(JSON.stringify({ machines: list.vms.length, bytes, cpuMs: (user + system) / 1_000 / rounds }));
