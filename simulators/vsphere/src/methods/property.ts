import { createId } from '@breakwater/kernel';
import type { Moref, Value } from '@breakwater/vsphere/schema';
import { PropertyFilter } from '../collector/property-filter.ts';
import { PropertyPlan } from '../collector/property-plan.ts';
import { requireObject, selectObjects } from '../collector/select-objects.ts';
import { UpdateCollector } from '../collector/update-collector.ts';
import { describeDenied, describeUnauthenticated } from '../model/permissions.ts';
import { PlainObject } from '../model/plain-object.ts';
import { keyOf } from '../model/world.ts';
import { type Call, findObject } from '../server-state.ts';
import { addSessionObject, sessionMoid } from '../sessions.ts';
import { EncodedXml } from '../soap/encode-value.ts';
import { invalidArgument, notFound } from '../soap/soap-fault.ts';

export function retrieveProperties(call: Call): unknown {
  const specs = call.args['specSet'] as readonly Value<'PropertyFilterSpec'>[];
  const options = call.args['options'] as Value<'RetrieveOptions'>;
  if (options.maxObjects !== undefined && options.maxObjects <= 0) throw invalidArgument('options.maxObjects');
  const find = (ref: Moref) => findObject(call, ref);
  const contents: unknown[] = [];
  for (const spec of specs) {
    const plan = new PropertyPlan(spec.propSet ?? [], { version: call.version, permissions: call.server.permissions });
    const objectSet = spec.objectSet ?? [];
    for (const entry of objectSet) requireObject(find, entry.obj);
    for (const object of selectObjects(objectSet, find)) {
      if (!plan.covers(object.ref.type)) continue;
      const denied = plan.listDenied(object);
      contents.push({
        obj: object.ref,
        propSet: [...plan.read(object)].map(([name, text]) => ({ name, val: new EncodedXml(text) })),
        missingSet: denied.length === 0 ? undefined : denied.map((path) => describeDenied(object.ref, path)),
      });
    }
  }
  return toPage(call, { rest: contents, size: Math.min(options.maxObjects ?? call.server.limits.pageSize, call.server.limits.pageSize) });
}

/** What some servers answer to a caller whose session has ended: nothing may be read of anything that was asked for. */
export function answerUnauthenticated(args: Call['args']): unknown {
  const specs = args['specSet'] as readonly Value<'PropertyFilterSpec'>[];
  const objects = specs.flatMap(({ propSet = [], objectSet = [] }) =>
    objectSet.map(({ obj = { type: 'ManagedEntity', value: '' } }) => ({
      obj,
      missingSet: propSet.flatMap(({ pathSet = [] }) => pathSet).map((path) => describeUnauthenticated(obj, path)),
    })),
  );
  return { objects };
}

export function continueRetrieve(call: Call): unknown {
  const token = call.args['token'] as string;
  const page = call.session.pages.get(token);
  if (page === undefined) throw invalidArgument('token');
  call.session.pages.delete(token);
  return toPage(call, page);
}

export function cancelRetrieve(call: Call): void {
  if (!call.session.pages.delete(call.args['token'] as string)) throw invalidArgument('token');
}

/** Null when nothing matched; a token when there is more. */
function toPage(call: Call, page: { readonly rest: readonly unknown[]; readonly size: number }): unknown {
  if (page.rest.length === 0) return undefined;
  const rest = page.rest.slice(page.size);
  if (rest.length === 0) return { objects: page.rest };
  const token = createId();
  call.session.pages.set(token, { rest, size: page.size });
  return { token, objects: page.rest.slice(0, page.size) };
}

export function createPropertyCollector(call: Call): Moref {
  const ref = { type: 'PropertyCollector', value: sessionMoid(call.session) };
  addCollector(call, ref);
  return ref;
}

function addCollector(call: Call, ref: Moref): UpdateCollector {
  const collector = new UpdateCollector(ref, { world: call.server.inventory.world, clock: call.server.clock });
  call.session.collectors.set(ref.value, collector);
  addSessionObject(
    call.session,
    new PlainObject(ref, { properties: { filter: () => [...collector.filters.values()].map((filter) => filter.ref) } }),
  );
  return collector;
}

/** The collector called; the one that every session has from the start is made at its first use. */
function targetCollector(call: Call): UpdateCollector {
  const collector = call.session.collectors.get(call.target.value);
  if (collector !== undefined) return collector;
  if (call.target.value !== call.server.personality.content['propertyCollector']?.value) throw notFound(call.target);
  return addCollector(call, call.target);
}

export function destroyPropertyCollector(call: Call): void {
  const collector = call.session.collectors.get(call.target.value);
  if (collector === undefined) throw notFound(call.target);
  collector.cancel();
  for (const filter of collector.filters.values()) call.session.objects.delete(keyOf(filter.ref));
  call.session.collectors.delete(call.target.value);
  call.session.objects.delete(keyOf(call.target));
}

export function createFilter(call: Call): Moref {
  const collector = targetCollector(call);
  const ref = { type: 'PropertyFilter', value: sessionMoid(call.session) };
  const spec = call.args['spec'] as Value<'PropertyFilterSpec'>;
  const filter = new PropertyFilter(ref, {
    spec,
    version: call.version,
    depth: call.args['partialUpdates'] === true ? 'partial' : 'whole',
    permissions: call.server.permissions,
    find: (object) => findObject(call, object),
    world: call.server.inventory.world,
  });
  collector.filters.set(ref.value, filter);
  collector.wake();
  addSessionObject(
    call.session,
    new PlainObject(ref, { properties: { spec: () => spec, partialUpdates: () => call.args['partialUpdates'] } }),
  );
  return ref;
}

export function destroyPropertyFilter(call: Call): void {
  for (const collector of call.session.collectors.values()) {
    if (!collector.filters.delete(call.target.value)) continue;
    call.session.objects.delete(keyOf(call.target));
    return;
  }
  throw notFound(call.target);
}

export async function waitForUpdates(call: Call): Promise<unknown> {
  const options = (call.args['options'] as Value<'WaitOptions'> | undefined) ?? {};
  const { maxWaitSeconds, maxObjectUpdates } = options;
  if (maxWaitSeconds !== undefined && maxWaitSeconds < 0) throw invalidArgument('options.maxWaitSeconds');
  if (maxObjectUpdates !== undefined && maxObjectUpdates <= 0) throw invalidArgument('options.maxObjectUpdates');
  const { limits, personality } = call.server;
  const ownPage = personality.apiType === 'VirtualCenter' ? 100 : limits.pageSize;
  return await targetCollector(call).wait({
    version: (call.args['version'] as string | undefined) ?? '',
    maxWaitMs: maxWaitSeconds === undefined ? undefined : maxWaitSeconds * 1_000,
    maxObjects: Math.min(maxObjectUpdates ?? ownPage, limits.pageSize),
    coalesceMs: limits.coalesceMs,
    signal: call.signal,
    onParked: call.onParked,
  });
}

export function cancelWait(call: Call): void {
  call.session.collectors.get(call.target.value)?.cancel();
}
