import { screenHashesSchema } from '@breakwater/contract';
import type { CondensedScreen, Fleet, StoredScreen } from '@breakwater/fleet';
import { OpsError, toServerId } from '@breakwater/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { readAcceptedNames } from '../http/accepted-names.ts';
import { matchesEtag } from '../http/prepared-body.ts';
import { machineParams, moidParams, serverParams, toRef } from '../http/request-parts.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { findMachineByMoid } from './find-machine.ts';
import type { PortalServices } from './portal-services.ts';

const TAG = 'Screens';
const hashParams = z.object({ hash: z.string().regex(/^[A-Za-z0-9_-]{8,128}$/) }).strict();

const SMALL_FORM = 'AVIF for clients whose Accept names image/avif, where that is smaller; otherwise the format of THUMBNAIL_FORMAT.';

const thumbnailAnswers = {
  200: {
    description: `The last good picture. ${SMALL_FORM}`,
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
    handle: ({ params, request, reply }) =>
      sendThumbnail(request, reply, { fleet: services.fleet, screen: services.fleet.screen(toRef(params)) }),
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
    handle: ({ params, request, reply }) =>
      sendThumbnail(request, reply, { fleet: services.fleet, screen: services.fleet.screen(findMachineByMoid(services, params.moid)) }),
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
    answers: { 200: { description: `The picture. ${SMALL_FORM}`, mediaType: 'image/*' }, 304: { description: 'The client has it.' } },
    problems: ['PORTAL_SCREEN_UNKNOWN'],
    handle: ({ params, request, reply }) => {
      const { fleet } = services;
      const screen = fleet.screenByHash(params.hash);
      return sendScreen(request, reply, { fleet, screen, cacheControl: 'private, max-age=31536000, immutable' });
    },
  }),
];

interface Picture {
  readonly fleet: Fleet;
  readonly screen: StoredScreen | null;
}

function sendThumbnail(request: FastifyRequest, reply: FastifyReply, { fleet, screen }: Picture): FastifyReply | Promise<void> {
  if (screen !== null) {
    reply.header('x-cache', screen.isStale ? 'STALE' : 'HIT').header('x-cache-age', String(Math.floor(screen.ageMs / 1_000)));
  }
  return sendScreen(request, reply, { fleet, screen, cacheControl: 'private, no-cache' });
}

function sendScreen(
  request: FastifyRequest,
  reply: FastifyReply,
  { fleet, screen, cacheControl }: Picture & { readonly cacheControl: string },
): FastifyReply | Promise<void> {
  if (screen === null) throw new OpsError({ code: 'PORTAL_SCREEN_UNKNOWN', message: 'There is no picture of this screen now.' });
  // Only a client that names the format gets it: a program that takes everything may still not read this.
  const takesSmall = readAcceptedNames(request.headers.accept).has('image/avif');
  const etag = `"${screen.hash}"`;
  const smallEtag = `"${screen.hash}-avif"`;
  reply.header('cache-control', cacheControl).header('vary', 'accept');
  // Whoever holds the picture in either form that it takes needs no other one.
  const held = (takesSmall ? [smallEtag, etag] : [etag]).find((tag) => matchesEtag(request.headers['if-none-match'], tag));
  if (held !== undefined) return reply.header('etag', held).code(304).send();
  const send = (small: CondensedScreen | null): FastifyReply => {
    const { bytes, mediaType } = small ?? screen;
    return reply
      .header('etag', small === null ? etag : smallEtag)
      .header('content-type', mediaType)
      .send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  };
  const small = takesSmall ? fleet.condensedScreen(screen.hash) : null;
  return small instanceof Promise ? small.then((made) => void send(made)) : send(small);
}
