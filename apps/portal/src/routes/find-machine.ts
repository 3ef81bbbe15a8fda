import { type MachineRef, OpsError, toMoid, toServerId } from '@breakwater/kernel';
import type { PortalServices } from './portal-services.ts';

/** The machine behind an id without its server, as the older addresses name it; ids are unique per server only. */
export function findMachineByMoid({ fleet, live }: PortalServices, moid: string): MachineRef {
  const [serverId, ...others] = live.fragments.serversWith(moid);
  if (serverId === undefined) throw new OpsError({ code: 'FLEET_MACHINE_UNKNOWN', message: 'No machine has this id.' });
  if (others.length > 0) {
    const servers = [serverId, ...others].map((id) => ({ id, name: fleet.server(toServerId(id)).name }));
    throw new OpsError({
      code: 'PORTAL_MACHINE_AMBIGUOUS',
      message: `Several servers have a machine with this id: ${servers.map(({ name }) => name).join(', ')}. Name the server in the address.`,
      details: { servers },
    });
  }
  return { serverId: toServerId(serverId), moid: toMoid(moid) };
}
