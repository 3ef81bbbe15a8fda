import { snapshotSchema } from '@breakwater/contract';
import { PreparedBody, sendPrepared } from '../http/prepared-body.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { joinFragments } from '../live/machine-fragments.ts';
import type { PortalServices } from './portal-services.ts';

export const createSnapshotRoute = (services: PortalServices): Route => {
  let prepared: { readonly key: string; readonly body: PreparedBody } | null = null;
  return defineRoute({
    method: 'GET',
    path: '/api/v1/snapshot',
    id: 'getSnapshot',
    tag: 'Events',
    summary: 'Everything the machines page needs, and where the event stream goes on',
    permission: 'read',
    answers: {
      200: { description: 'Servers, machines and the latest operations, from memory.', schema: snapshotSchema },
      304: { description: 'Nothing happened since the version in If-None-Match.' },
    },
    handle: ({ request, reply }) => {
      // The version counts news that no frame has told yet, too; `seq` alone would call them unchanged.
      const key = `${services.hub.seq}.${services.live.version}`;
      if (prepared?.key !== key) prepared = { key, body: prepareSnapshot(services, key) };
      return sendPrepared(request, reply.header('cache-control', 'private, no-cache'), prepared.body);
    },
  });
};

function prepareSnapshot({ fleet, live, hub }: PortalServices, key: string): PreparedBody {
  const head = JSON.stringify({ boot: hub.boot, seq: hub.seq, servers: fleet.servers() });
  const operations = JSON.stringify(live.recentOperations());
  const bytes = joinFragments(`${head.slice(0, -1)},"machines":[`, live.fragments.collect(undefined), `],"operations":${operations}}`);
  return new PreparedBody(bytes, { etag: `"${hub.boot}.${key}"`, mediaType: 'application/json; charset=utf-8' });
}
