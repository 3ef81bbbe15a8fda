import type { Fleet } from '@breakwater/fleet';
import type { HostSetups } from '@breakwater/host-config';
import type { EventHub } from '../events/event-hub.ts';
import type { ListBodies } from '../live/list-bodies.ts';
import type { LiveFleet } from '../live/live-fleet.ts';
import type { ResilienceReader } from '../live/resilience-reader.ts';

/** What routes call. Each route makes one decision-free call into these. */
export interface PortalServices {
  readonly fleet: Fleet;
  readonly live: LiveFleet;
  readonly lists: ListBodies;
  readonly hub: EventHub;
  readonly hostSetups: HostSetups;
  readonly resilience: ResilienceReader;
  readonly version: string;
}
