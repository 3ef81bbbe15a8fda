import { isIP } from 'node:net';
import type { Moref } from '@breakwater/vsphere/schema';
import { parseDatastorePath } from '../model/datastore-files.ts';
import type { Machine } from '../model/machine.ts';
import { folderOf, pathOf } from '../model/machine-properties.ts';
import { assertMay, assertWritable, type Call, type ServerState, targetMachine } from '../server-state.ts';
import { invalidArgument, SoapFault } from '../soap/soap-fault.ts';
import { startMachineTask } from './power.ts';

function assertOn(machine: Machine): void {
  if (machine.powerState === 'poweredOn') return;
  throw new SoapFault('InvalidPowerState', {
    text: 'The attempted operation cannot be performed in the current state (Powered off).',
    fields: { requestedState: 'poweredOn', existingState: machine.powerState },
  });
}

export function acquireTicket(call: Call): unknown {
  const { server } = call;
  const machine = targetMachine(call);
  if (call.args['ticketType'] !== 'webmks') throw new SoapFault('NotSupported', { text: 'This simulator issues webmks tickets only.' });
  assertMay(call, 'VirtualMachine.Interact.ConsoleInteract');
  assertOn(machine);
  const { limits } = server;
  let onHost = 0;
  for (const other of server.inventory.machines()) onHost += other.consoles;
  if (machine.consoles >= limits.consolesPerMachine || onHost >= limits.consolesPerHost) {
    const connectionLimit = Math.min(limits.consolesPerMachine, limits.consolesPerHost);
    throw new SoapFault('MksConnectionLimitReached', {
      text: `Connection limit of ${connectionLimit} reached.`,
      fields: { connectionLimit },
    });
  }
  const door = server.consoleDoor(limits.ticketHost === 'missing' ? 'server' : 'host');
  const { sha1, sha256 } = door.certificate;
  return {
    ticket: server.tickets.issue(machine, { lifeMs: limits.ticketLifeMs, at: door.at }),
    cfgFile: pathOf(machine),
    host: nameHost(server, machine),
    port: door.port,
    sslThumbprint: sha1,
    certThumbprintList: [
      { thumbprint: sha1, hashAlgorithm: 'sha1' },
      { thumbprint: sha256, hashAlgorithm: 'sha256' },
    ],
  };
}

/** Where `foreign` tickets lead; an address of documentation (RFC 5737) that nobody has. */
const FOREIGN_HOST = '192.0.2.7';

/** The name of a host is what its administrator once typed; outside its own network it often means nothing. */
function nameHost(server: ServerState, machine: Machine): string | undefined {
  const { ticketHost } = server.limits;
  if (ticketHost === 'missing') return undefined;
  if (ticketHost === 'foreign') return FOREIGN_HOST;
  const name = server.inventory.layout.hosts.find((host) => host.ref.value === machine.identity.host.value)?.name ?? '';
  if (ticketHost === 'inventory-name' || isIP(name) !== 0) return name;
  return server.personality.apiType === 'HostAgent' ? 'esx-mgmt' : name.split('.')[0];
}

export function acquireMksTicket(): never {
  throw new SoapFault('NotSupported', { text: 'Tickets of the retired kind are no longer issued; use AcquireTicket.' });
}

export function createScreenshot(call: Call): Moref {
  const machine = targetMachine(call);
  assertWritable(call, 'VirtualMachine.Interact.CreateScreenshot');
  assertOn(machine);
  return startMachineTask(call, machine, {
    descriptionId: 'VirtualMachine.createScreenshot',
    finish: () => {
      assertOn(machine);
      const { files, screens } = call.server;
      const datastore = machine.identity.datastoreName;
      let number = 1;
      const nameOf = (): string => `${folderOf(machine)}/${folderOf(machine)}-${number}.png`;
      while (files.read(datastore, nameOf()) !== undefined) number++;
      files.write(datastore, nameOf(), { content: screens.takePicture(machine) });
      return { $any: 'string', value: `[${datastore}] ${nameOf()}` };
    },
  });
}

export function deleteFile(call: Call): Moref {
  assertWritable(call, 'Datastore.FileManagement');
  const { server } = call;
  const datacenter = call.args['datacenter'] as Moref | undefined;
  // The same datastore name may occur in every datacenter of a vCenter, so there it has to be said.
  if (
    datacenter === undefined
      ? server.personality.apiType === 'VirtualCenter'
      : datacenter.value !== server.inventory.layout.datacenter.value
  )
    throw invalidArgument('datacenter');
  const name = call.args['name'] as string;
  const place = parseDatastorePath(name);
  if (place === undefined)
    throw new SoapFault('InvalidDatastorePath', { text: `Invalid datastore path '${name}'.`, fields: { datastorePath: name } });
  return server.tasks.start({
    descriptionId: 'FileManager.deleteFile',
    machine: undefined,
    entity: server.inventory.layout.datacenter,
    entityName: server.inventory.layout.datacenterName,
    user: call.session.userName,
    durationMs: server.limits.taskMs / 4,
    cancelable: 'no',
    finish: () => {
      if (!server.files.delete(place.datastore, place.path))
        throw new SoapFault('FileNotFound', { text: `File ${name} was not found`, fields: { file: name } });
      return undefined;
    },
  });
}
