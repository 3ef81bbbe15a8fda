import { serverStatsSchema } from '@breakwater/contract';
import { OpsError, toServerId } from '@breakwater/kernel';
import { serverParams } from '../http/request-parts.ts';
import { defineRoute, type Route } from '../http/route.ts';
import type { PortalServices } from './portal-services.ts';

export const createServerStatsRoute = ({ fleet }: PortalServices): Route =>
  defineRoute({
    method: 'GET',
    path: '/api/v1/servers/{server_id}/stats',
    id: 'getServerStats',
    tag: 'Servers',
    summary: 'CPU, memory and datastores of a server; sizes in bytes',
    permission: 'read',
    params: serverParams,
    answers: { 200: { description: 'The last known gauges and their age.', schema: serverStatsSchema } },
    problems: ['FLEET_SERVER_UNKNOWN', 'PORTAL_STATS_UNKNOWN'],
    handle: ({ params }) => {
      const stats = fleet.stats(toServerId(params.server_id));
      if (stats === null) throw new OpsError({ code: 'PORTAL_STATS_UNKNOWN', message: 'The gauges of this server are not known yet.' });
      return stats;
    },
  });
