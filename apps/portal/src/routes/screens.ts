import { screenHashesSchema } from '@breakwater/contract';
import type { StoredScreen } from '@breakwater/fleet';
import { OpsError, toServerId } from '@breakwater/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { matchesEtag } from '../http/prepared-body.ts';
import { machineParams, moidParams, serverParams, toRef } from '../http/request-parts.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { findMachineByMoid } from './find-machine.ts';
import type { PortalServices } from './portal-services.ts';

const TAG = 'Screens';
const hashParams = z.object({ hash: z.string().regex(/^[A-Za-z0-9_-]{8,128}$/) }).strict();

const thumbnailAnswers = {
  200: {
    description: 'The last good picture.',
    mediaType: 'image/*',
    headers: { 'X-Cache': 'HIT, or STALE when older than THUMBNAIL_CACHE_TTL.', 'X-Cache-Age': 'Seconds.' },
  },
  304: { description: 'Unchanged since the version in If-None-Match.' },
};

export const createScreenRoutes = (services: PortalServices): readonly Route[] => [
  defineRoute({
    method: 'GET',
    path: '/api/v1/servers/{server_id}/vms/{moid}/thumbnail',
    id: 'getThumbnail',
    tag: TAG,
    summary: 'The newest screen of a machine',
    permission: 'read',
    params: machineParams,
    answers: thumbnailAnswers,
    problems: ['FLEET_SERVER_UNKNOWN', 'FLEET_MACHINE_UNKNOWN', 'PORTAL_SCREEN_UNKNOWN'],
    handle: ({ params, request, reply }) => sendThumbnail(request, reply, services.fleet.screen(toRef(params))),
  }),
  defineRoute({
    method: 'GET',
    path: '/api/v1/vms/{moid}/thumbnail',
    id: 'getThumbnailByMoid',
    tag: TAG,
    summary: 'The newest screen of a machine whose id only one server has',
    permission: 'read',
    params: moidParams,
    answers: thumbnailAnswers,
    problems: ['FLEET_MACHINE_UNKNOWN', 'PORTAL_MACHINE_AMBIGUOUS', 'PORTAL_SCREEN_UNKNOWN'],
    handle: ({ params, request, reply }) => sendThumbnail(request, reply, services.fleet.screen(findMachineByMoid(services, params.moid))),
  }),
  defineRoute({
    method: 'GET',
    path: '/api/v1/servers/{server_id}/thumbnails/hashes',
    id: 'listScreenHashes',
    tag: TAG,
    summary: 'Content hashes of all screens of a server, to fetch only what changed',
    permission: 'read',
    params: serverParams,
    answers: { 200: { description: 'Hash by machine id.', schema: screenHashesSchema } },
    problems: ['FLEET_SERVER_UNKNOWN'],
    handle: ({ params }) => services.fleet.screenHashes(toServerId(params.server_id)),
  }),
  defineRoute({
    method: 'GET',
    path: '/api/v1/screens/{hash}',
    id: 'getScreen',
    tag: TAG,
    summary: 'A screen by its content hash; may be kept for ever',
    permission: 'read',
    params: hashParams,
    answers: { 200: { description: 'The picture.', mediaType: 'image/*' }, 304: { description: 'The client has it.' } },
    problems: ['PORTAL_SCREEN_UNKNOWN'],
    handle: ({ params, request, reply }) => {
      const screen = services.fleet.screenByHash(params.hash);
      return sendScreen(request, reply, { screen, cacheControl: 'private, max-age=31536000, immutable' });
    },
  }),
];

function sendThumbnail(request: FastifyRequest, reply: FastifyReply, screen: StoredScreen | null): FastifyReply {
  if (screen !== null) {
    reply.header('x-cache', screen.isStale ? 'STALE' : 'HIT').header('x-cache-age', String(Math.floor(screen.ageMs / 1_000)));
  }
  return sendScreen(request, reply, { screen, cacheControl: 'private, no-cache' });
}

function sendScreen(
  request: FastifyRequest,
  reply: FastifyReply,
  { screen, cacheControl }: { readonly screen: StoredScreen | null; readonly cacheControl: string },
): FastifyReply {
  if (screen === null) throw new OpsError({ code: 'PORTAL_SCREEN_UNKNOWN', message: 'There is no picture of this screen now.' });
  const etag = `"${screen.hash}"`;
  reply.header('etag', etag).header('cache-control', cacheControl);
  if (matchesEtag(request.headers['if-none-match'], etag)) return reply.code(304).send();
  return reply
    .header('content-type', screen.mediaType)
    .send(Buffer.from(screen.bytes.buffer, screen.bytes.byteOffset, screen.bytes.length));
}
