import type { Moref } from '@breakwater/vsphere/schema';
import { parseDatastorePath } from '../model/datastore-files.ts';
import type { Machine } from '../model/machine.ts';
import { folderOf, pathOf } from '../model/machine-properties.ts';
import { assertWritable, type Call, targetMachine } from '../server-state.ts';
import { SoapFault } from '../soap/soap-fault.ts';
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
  const { sha1, sha256 } = server.thumbprint();
  return {
    ticket: server.tickets.issue(machine, limits.ticketLifeMs),
    cfgFile: pathOf(machine),
    // The name of a host is what its administrator once typed; outside its own network it often means nothing.
    host: limits.ticketHost === 'short-name' ? 'esx-mgmt' : undefined,
    port: server.port(),
    sslThumbprint: sha1,
    certThumbprintList: [
      { thumbprint: sha1, hashAlgorithm: 'sha1' },
      { thumbprint: sha256, hashAlgorithm: 'sha256' },
    ],
  };
}

export function acquireMksTicket(): never {
  throw new SoapFault('NotSupported', { text: 'Tickets of the retired kind are no longer issued; use AcquireTicket.' });
}

export function createScreenshot(call: Call): Moref {
  assertWritable(call.server);
  const machine = targetMachine(call);
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
  assertWritable(call.server);
  const { server } = call;
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
