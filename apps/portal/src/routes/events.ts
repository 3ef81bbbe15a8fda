import { visibleRequestSchema } from '@breakwater/contract';
import { toMoid, toServerId } from '@breakwater/kernel';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { parseEventId } from '../events/event-format.ts';
import { type Authenticate, defineRoute, type Route } from '../http/route.ts';
import type { PortalServices } from './portal-services.ts';

const streamQuery = z.object({ last_event_id: z.string().max(80).optional() }).strict();
const visibleParams = z.object({ connection: z.string().min(1).max(80) }).strict();

export const createEventRoutes = ({ hub }: PortalServices, options: { readonly authenticate: Authenticate }): readonly Route[] => [
  defineRoute({
    method: 'GET',
    path: '/api/v1/events',
    id: 'streamEvents',
    tag: 'Events',
    summary: 'What changes, as server-sent events; resumes after `Last-Event-ID`',
    permission: 'read',
    query: streamQuery,
    answers: { 200: { description: 'An endless stream that begins with `hello`.', mediaType: 'text/event-stream' } },
    problems: ['PORTAL_TOO_MANY_STREAMS', 'PORTAL_CLOSING'],
    handle: ({ query, principal, request, reply }) => {
      hub.assertRoom(principal);
      const header = request.headers['last-event-id'];
      const lastSeen = parseEventId(query.last_event_id ?? (typeof header === 'string' ? header : undefined));
      const { socket } = request.raw;
      reply.hijack();
      socket.write(formatHead(reply));
      // Whoever has left while the request was read closes no second time.
      if (socket.destroyed) return reply;
      const stream = hub.open(socket, { principal, lastSeen, identify: () => options.authenticate(request) });
      socket.once('close', stream.close);
      return reply;
    },
  }),
  defineRoute({
    method: 'PUT',
    path: '/api/v1/events/{connection}/visible',
    id: 'setVisibleMachines',
    tag: 'Events',
    summary: 'Say which machines a stream shows, and whether it shows figures of protection: only what is shown is told',
    permission: 'read',
    params: visibleParams,
    body: visibleRequestSchema,
    answers: { 204: { description: 'Noted.' } },
    problems: ['PORTAL_STREAM_UNKNOWN'],
    handle: ({ params, body, principal }) => {
      const machines = body.machines.map((ref) => ({ serverId: toServerId(ref.server_id), moid: toMoid(ref.moid) }));
      hub.setVisible(params.connection, { principal, machines, resilience: body.resilience ? 'shown' : 'hidden' });
    },
  }),
];

/**
 * The response's head, written by hand: the stream goes straight to the socket, so that one buffer serves every
 * connection without a copy. The body has no length and ends with the connection.
 */
function formatHead(reply: FastifyReply): string {
  const headers: Record<string, unknown> = {
    ...reply.getHeaders(),
    'content-type': 'text/event-stream; charset=utf-8',
    // nginx buffers answers unless told not to; no-transform keeps compressing proxies from doing the same.
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`);
  return `HTTP/1.1 200 OK\r\n${lines.join('\r\n')}\r\n\r\n`;
}
