import { type Clock, formatInstant } from '@breakwater/kernel';
import { SERVICE_INSTANCE } from '@breakwater/vsphere/schema';
import type { Personality } from '../personality.ts';
import { isManagedType } from '../soap/schema-lookup.ts';
import { countersOf, describeCounter } from './perf-counters.ts';
import { PlainObject } from './plain-object.ts';
import type { World } from './world.ts';

/** Puts the objects that every server has from the start into the world. The task manager brings itself. */
export function addManagers(world: World, options: { readonly personality: Personality; readonly clock: Clock }): void {
  const { personality, clock } = options;
  const properties: Readonly<Record<string, Readonly<Record<string, () => unknown>>>> = {
    PerformanceManager: { perfCounter: () => countersOf(personality.id).map(describeCounter) },
    SessionManager: { defaultLocale: () => 'en', messageLocaleList: () => ['en'], supportedLocaleList: () => ['en'] },
    ViewManager: { viewList: () => [] },
    PropertyCollector: { filter: () => [] },
  };
  world.add(
    new PlainObject(SERVICE_INSTANCE, {
      properties: { serverClock: () => formatInstant(clock.wall()), content: () => ({ ...personality.content, about: personality.about }) },
    }),
  );
  for (const ref of Object.values(personality.content)) {
    if (ref.type === 'Folder' || ref.type === 'TaskManager' || !isManagedType(ref.type)) continue;
    world.add(new PlainObject(ref, { properties: properties[ref.type] ?? {} }));
  }
}
