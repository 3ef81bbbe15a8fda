import { machineListSchema, machineSchema } from '@breakwater/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendPrepared } from '../http/prepared-body.ts';
import { machineParams, serverParams, toRef } from '../http/request-parts.ts';
import { defineRoute, type Route } from '../http/route.ts';
import type { PreparedList } from '../live/list-bodies.ts';
import type { PortalServices } from './portal-services.ts';

const answers = {
  200: {
    description: 'From memory; `cache_age` seconds old. In trouble the last known list, `stale` and with the `error`.',
    schema: machineListSchema,
    headers: { ETag: 'Changes with the machines, not with their age.', 'X-Cache-Age': 'Seconds; also on a 304.' },
  },
  304: { description: 'Unchanged since the version in If-None-Match.' },
};

export const createMachineListRoutes = ({ fleet, lists }: PortalServices): readonly Route[] => [
  defineRoute({
    method: 'GET',
    path: '/api/v1/vms',
    id: 'listAllMachines',
    tag: 'Machines',
    summary: 'The machines of all servers',
    permission: 'read',
    answers,
    handle: ({ request, reply }) => sendList(request, reply, lists.ofAll()),
  }),
  defineRoute({
    method: 'GET',
    path: '/api/v1/servers/{server_id}/vms',
    id: 'listMachines',
    tag: 'Machines',
    summary: 'The machines of one server',
    permission: 'read',
    params: serverParams,
    answers,
    problems: ['FLEET_SERVER_UNKNOWN'],
    handle: ({ params, request, reply }) => sendList(request, reply, lists.ofServer(params.server_id)),
  }),
  defineRoute({
    method: 'GET',
    path: '/api/v1/servers/{server_id}/vms/{moid}',
    id: 'getMachine',
    tag: 'Machines',
    summary: 'One machine',
    permission: 'read',
    params: machineParams,
    answers: { 200: { description: 'The machine as last known.', schema: machineSchema } },
    problems: ['FLEET_SERVER_UNKNOWN', 'FLEET_MACHINE_UNKNOWN'],
    handle: ({ params }) => fleet.machine(toRef(params)),
  }),
];

function sendList(request: FastifyRequest, reply: FastifyReply, list: PreparedList): FastifyReply | Promise<void> {
  reply.header('cache-control', 'private, no-cache');
  if (list.cacheAgeS !== null) reply.header('x-cache-age', String(list.cacheAgeS));
  return sendPrepared(request, reply, list.body);
}
