import { serverSchema, serverTrustSchema } from '@breakwater/contract';
import { toServerId } from '@breakwater/kernel';
import { serverParams } from '../http/request-parts.ts';
import { defineRoute, type Route } from '../http/route.ts';
import type { PortalServices } from './portal-services.ts';

export const createServerActRoutes = ({ fleet }: PortalServices): readonly Route[] => [
  defineRoute({
    method: 'POST',
    path: '/api/v1/servers/{server_id}/trust',
    id: 'trustServer',
    tag: 'Servers',
    summary: 'Accept the certificate that a person has seen',
    permission: 'administer',
    params: serverParams,
    body: serverTrustSchema,
    answers: { 200: { description: 'Pinned; another certificate will block the server.', schema: serverSchema } },
    problems: ['FLEET_SERVER_UNKNOWN', 'FLEET_CERTIFICATE_MISMATCH'],
    handle: ({ params, body }) => fleet.trustServer(toServerId(params.server_id), body.sha256),
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/servers/{server_id}/retry',
    id: 'retryServer',
    tag: 'Servers',
    summary: 'Try the server now; also lifts a refused sign-in',
    permission: 'operate',
    params: serverParams,
    answers: { 200: { description: 'The server as it is now; events tell how it goes on.', schema: serverSchema } },
    problems: ['FLEET_SERVER_UNKNOWN'],
    handle: async ({ params, principal }) => {
      const id = toServerId(params.server_id);
      await fleet.retryServer(id, { actor: principal.name });
      return fleet.server(id);
    },
  }),
];
