import type { Moref } from '@breakwater/vsphere/schema';
import { requireObject } from '../collector/select-objects.ts';
import { PlainObject } from '../model/plain-object.ts';
import { keyOf } from '../model/world.ts';
import { type Call, findObject } from '../server-state.ts';
import { addSessionObject, sessionMoid } from '../sessions.ts';
import { isManagedSubtype, isManagedType } from '../soap/schema-lookup.ts';
import { notFound, SoapFault } from '../soap/soap-fault.ts';

const CONTAINERS: ReadonlySet<string> = new Set([
  'Folder',
  'Datacenter',
  'ComputeResource',
  'ClusterComputeResource',
  'ResourcePool',
  'HostSystem',
]);

export function createContainerView(call: Call): Moref {
  const { server, session, args } = call;
  const container = args['container'] as Moref;
  const types = (args['type'] as readonly string[] | undefined) ?? [];
  const recursive = args['recursive'] === true;
  requireObject((ref) => findObject(call, ref), container);
  if (!CONTAINERS.has(container.type))
    throw new SoapFault('InvalidArgument', {
      text: 'A specified parameter was not correct: container',
      fields: { invalidProperty: 'container' },
    });
  for (const type of types)
    if (!isManagedType(type))
      throw new SoapFault('InvalidType', { text: `Type ${type} is not known to this server.`, fields: { argument: type } });
  const { inventory } = server;
  const isWanted = (type: string): boolean => types.length === 0 || types.some((wanted) => isManagedSubtype(type, wanted));
  let cache: { readonly structureRevision: number; readonly refs: readonly Moref[] } | undefined;
  const members = (): readonly Moref[] => {
    const { structureRevision } = inventory.world;
    if (cache?.structureRevision !== structureRevision) {
      const refs: Moref[] = [];
      for (const object of inventory.world.all()) {
        if (object.parent === undefined || !isWanted(object.ref.type)) continue;
        const isInside = recursive ? inventory.isBelow(object, container) : keyOf(object.parent) === keyOf(container);
        if (isInside) refs.push(object.ref);
      }
      cache = { structureRevision, refs };
    }
    return cache.refs;
  };
  const ref = { type: 'ContainerView', value: sessionMoid(session) };
  addSessionObject(
    session,
    new PlainObject(ref, { properties: { view: members, container: () => container, type: () => types, recursive: () => recursive } }),
  );
  return ref;
}

export function destroyView(call: Call): void {
  if (!call.session.objects.delete(keyOf(call.target))) throw notFound(call.target);
}
