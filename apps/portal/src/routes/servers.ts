import { serverCreateSchema, serverListSchema, serverSchema, serverUpdateSchema } from '@breakwater/contract';
import { toServerId } from '@breakwater/kernel';
import { z } from 'zod';
import { serverParams } from '../http/request-parts.ts';
import { defineRoute, type Route } from '../http/route.ts';
import type { PortalServices } from './portal-services.ts';

const TAG = 'Servers';

export const createServerRoutes = ({ fleet }: PortalServices): readonly Route[] => [
  defineRoute({
    method: 'GET',
    path: '/api/v1/servers',
    id: 'listServers',
    tag: TAG,
    summary: 'All servers with their state',
    permission: 'read',
    answers: { 200: { description: 'From memory; no server is asked.', schema: serverListSchema } },
    handle: () => fleet.servers(),
  }),
  defineRoute({
    method: 'GET',
    path: '/api/v1/servers/{server_id}',
    id: 'getServer',
    tag: TAG,
    summary: 'One server with its state',
    permission: 'read',
    params: serverParams,
    answers: { 200: { description: 'The server.', schema: serverSchema } },
    problems: ['FLEET_SERVER_UNKNOWN'],
    handle: ({ params }) => fleet.server(toServerId(params.server_id)),
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/servers',
    id: 'addServer',
    tag: TAG,
    summary: 'Add a server',
    permission: 'administer',
    body: serverCreateSchema,
    answers: {
      201: { description: 'Added; its state tells how connecting goes on.', schema: serverSchema, headers: { Location: 'The server.' } },
    },
    handle: async ({ body, reply }) => {
      const server = await fleet.addServer(body);
      reply.header('location', `/api/v1/servers/${encodeURIComponent(server.id)}`);
      return server;
    },
  }),
  defineRoute({
    method: 'PUT',
    path: '/api/v1/servers/{server_id}',
    id: 'updateServer',
    tag: TAG,
    summary: 'Change a server; missing keys and an empty password keep what is',
    permission: 'administer',
    params: serverParams,
    body: serverUpdateSchema,
    answers: { 200: { description: 'The changed server.', schema: serverSchema } },
    problems: ['FLEET_SERVER_UNKNOWN', 'FLEET_PASSWORD_REQUIRED'],
    handle: ({ params, body }) => fleet.updateServer(toServerId(params.server_id), body),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/api/v1/servers/{server_id}',
    id: 'removeServer',
    tag: TAG,
    summary: 'Forget a server, its password and what was known of its machines',
    permission: 'administer',
    params: serverParams,
    answers: { 200: { description: 'Forgotten. Nothing on the server itself changed.', schema: z.object({ success: z.boolean() }) } },
    problems: ['FLEET_SERVER_UNKNOWN'],
    handle: async ({ params }) => {
      await fleet.removeServer(toServerId(params.server_id));
      return { success: true };
    },
  }),
];
