import { serverCreateSchema, serverProbeSchema, serverTestSchema } from '@breakwater/contract';
import { toServerId } from '@breakwater/kernel';
import { serverParams } from '../http/request-parts.ts';
import { defineRoute, type Route } from '../http/route.ts';
import type { PortalServices } from './portal-services.ts';

const TAG = 'Servers';
const answers = { 200: { description: 'How far it got, step by step; also when it failed.', schema: serverTestSchema } };

export const createServerTestRoutes = ({ fleet }: PortalServices): readonly Route[] => [
  defineRoute({
    method: 'POST',
    path: '/api/v1/servers/{server_id}/test',
    id: 'testServer',
    tag: TAG,
    summary: 'Try a known server: name, port, certificate, version, sign-in, inventory',
    permission: 'administer',
    params: serverParams,
    answers,
    problems: ['FLEET_SERVER_UNKNOWN'],
    handle: ({ params, signal }) => fleet.testServer(toServerId(params.server_id), { signal }),
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/servers/probe',
    id: 'probeServer',
    tag: TAG,
    summary: 'Show the certificate of an address; nothing secret is sent and nothing is stored',
    permission: 'administer',
    body: serverProbeSchema,
    answers,
    handle: ({ body, signal }) => fleet.probeServer(body, { signal }),
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/servers/test',
    id: 'testServerCandidate',
    tag: TAG,
    summary: 'Try a server with credentials that are not stored',
    permission: 'administer',
    body: serverCreateSchema,
    answers,
    handle: ({ body, signal }) => fleet.testCandidate(body, { signal }),
  }),
];
