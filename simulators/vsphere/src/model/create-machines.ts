import type { Clock, Random } from '@breakwater/kernel';
import { nameGuest } from './fleet-names.ts';
import type { Layout } from './layout.ts';
import { loadAt } from './load-curve.ts';
import { Machine } from './machine.ts';

export interface FleetOptions {
  readonly layout: Layout;
  readonly count: number;
  readonly random: Random;
  readonly clock: Clock;
  readonly isCenter: boolean;
  /** Keeps addresses of several simulated servers apart: second octet. */
  readonly subnet: number;
  /** Put before the names, to keep the machines of several servers apart. Empty: none. */
  readonly site: string;
}

const DAY_MS = 86_400_000;

/** Machines in every state a real fleet shows. The same seed gives the same fleet. */
export function createMachines(options: FleetOptions): Machine[] {
  return Array.from({ length: options.count }, (_, index) => createMachine(index, options));
}

/** Fates by position, so that even a fleet of twenty shows each of them. */
function fateOf(index: number, isCenter: boolean): 'on' | 'off' | 'suspended' | 'inaccessible' | 'template' {
  const slot = index % 20;
  if (slot === 6 || slot === 13) return 'off';
  if (slot === 17) return 'suspended';
  if (slot === 11 && index % 40 === 11) return 'inaccessible';
  if (slot === 15) return isCenter ? 'template' : 'off';
  return 'on';
}

export function createMachine(index: number, options: FleetOptions): Machine {
  const { layout, random, clock } = options;
  const guest = nameGuest(index, { random, site: options.site });
  const fate = fateOf(index, options.isCenter);
  const hosts = layout.hosts;
  // The last, disconnected host holds few machines; the others share the rest.
  const host = hosts[index % 23 === 22 ? hosts.length - 1 : index % Math.max(1, hosts.length - 1)];
  const usable = layout.datastores.filter((datastore) => datastore.accessible);
  const datastore = usable[index % 7 === 6 ? usable.length - 1 : index % Math.max(1, usable.length - 1)];
  const network = layout.networks[guest.name.includes('web-') ? 1 : 0];
  if (host === undefined || datastore === undefined || network === undefined)
    throw new RangeError('The layout has no host, datastore or network.');
  const hex = (digits: number): string => Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('');
  const createdWallMs = Math.floor(clock.wall() - DAY_MS * (20 + random() * 900));
  const machine = new Machine(
    {
      moid: layout.machineMoid(index),
      parent: layout.folders.machines,
      resourcePool: layout.pool,
      host: host.ref,
      datastore: datastore.ref,
      datastoreName: datastore.name,
      network: network.ref,
      networkName: network.name,
      console: guest.system.console,
      guestId: guest.system.id,
      guestFullName: guest.system.fullName,
      guestFamily: guest.system.family,
      cpus: guest.cpus,
      memoryMb: guest.memoryMb,
      uuid: `564d${hex(4)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}`,
      instanceUuid: `52${hex(6)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}`,
      template: fate === 'template',
      tools: guest.system.tools,
      hostName: guest.hostName,
      mac: `00:0c:29:${hex(2)}:${hex(2)}:${hex(2)}`,
      ipv4: `10.${options.subnet}.${Math.floor(index / 250) % 256}.${(index % 250) + 4}`,
      ipv6: index % 3 === 0 ? `2001:db8:${options.subnet.toString(16)}::${(index + 4).toString(16)}` : undefined,
      diskBytes: (20 + Math.floor(random() * 30) * 10) * 1024 ** 3,
      createdWallMs,
      seed: Math.floor(random() * 2 ** 31),
      cpuMhzPerCore: host.cpuMhz,
    },
    { name: guest.name, annotation: guest.annotation, wall: () => clock.wall(), now: () => clock.now() },
  );
  if (fate === 'inaccessible') machine.connection = 'inaccessible';
  else if (host.connection !== 'connected') machine.connection = 'disconnected';
  const bootedWallMs = Math.floor(clock.wall() - random() * 40 * DAY_MS);
  if (fate === 'on') {
    machine.life = { kind: 'running', sinceMs: clock.now() - (clock.wall() - bootedWallMs), bootedWallMs, network: 'up' };
    machine.load = loadAt(machine.identity, clock.now());
  }
  if (fate === 'suspended') machine.life = { kind: 'suspended', sinceWallMs: bootedWallMs };
  machine.wasUp = fate === 'on' || fate === 'suspended' || (fate === 'off' && index % 2 === 0);
  return machine;
}
