import type { Access, Principal } from '@breakwater/access';
import { OpsError } from '@breakwater/kernel';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { parseInput } from './parse-input.ts';
import type { Authenticate, Call, Route } from './route.ts';

export interface RouteOptions {
  readonly access: Access;
  readonly authenticate: Authenticate;
}

const CLIENT_LEFT = new OpsError({ code: 'PORTAL_CLIENT_LEFT', message: 'The client left before the answer was ready.' });

/** Puts a route onto Fastify: find out who asks, authorise, parse, then let the handler call its one service. */
export function registerRoute(app: FastifyInstance, route: Route, options: RouteOptions): void {
  const statuses = Object.keys(route.answers).map(Number);
  const status = Math.min(...statuses);
  app.route({
    method: route.method,
    url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    // A stream has no head to ask for.
    exposeHeadRoute: route.method === 'GET' && !Object.values(route.answers).some((answer) => answer.mediaType === 'text/event-stream'),
    // The guard runs before the body is read: a stranger's bytes are not worth parsing.
    onRequest: async (request) => {
      request.principal = await options.authenticate(request);
      authorise(route, request.principal, options.access);
    },
    handler: (request, reply) => run(route, { request, reply, status }),
  });
}

function authorise(route: Route, principal: Principal | null, access: Access): void {
  if (route.permission === 'public') return;
  if (principal === null) throw new OpsError({ code: 'PORTAL_SIGN_IN_REQUIRED', message: 'Sign in first, or send a token.' });
  if (!access.may(principal, route.permission)) {
    throw new OpsError({
      code: 'PORTAL_FORBIDDEN',
      message: `Your role "${principal.role}" does not include this.`,
      details: { permission: route.permission, role: principal.role },
    });
  }
}

/**
 * A class, because a getter written in an object literal gives every object a hidden class of its own. V8 then keeps each request
 * alive until a full collection, which costs as much as half of a small answer.
 */
class RouteCall implements Call<unknown, unknown, unknown, Principal | null> {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly principal: Principal | null;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  #signal: AbortSignal | null = null;

  constructor(
    request: FastifyRequest,
    reply: FastifyReply,
    parts: { readonly params: unknown; readonly query: unknown; readonly body: unknown },
  ) {
    this.params = parts.params;
    this.query = parts.query;
    this.body = parts.body;
    this.principal = request.principal;
    this.request = request;
    this.reply = reply;
  }

  get signal(): AbortSignal {
    this.#signal ??= watchClient(this.reply);
    return this.#signal;
  }
}

/** Synchronous as far as the handler is: a list that is ready leaves in the same turn. */
function run(
  route: Route,
  { request, reply, status }: { readonly request: FastifyRequest; readonly reply: FastifyReply; readonly status: number },
): unknown {
  const call: Call<unknown, unknown, unknown, Principal | null> = new RouteCall(request, reply, {
    params: parseInput(route.params, request.params, { part: 'path' }),
    query: parseInput(route.query, request.query, { part: 'query' }),
    body: parseInput(route.body, request.body, { part: 'body' }),
  });
  reply.code(status);
  const value = route.handle(call as Call<never, never, never, never>);
  return value instanceof Promise ? value.then((settled: unknown) => finish(reply, settled)) : finish(reply, value);
}

/**
 * Never hands the reply back to Fastify: a reply is a thenable that waits for the response's stream to finish, and that
 * doubles the cost of a small answer.
 */
function finish(reply: FastifyReply, value: unknown): void {
  if (reply.sent || value === reply) return;
  if (value === undefined) reply.send();
  else reply.header('cache-control', 'no-store').send(value);
}

/**
 * Fastify's own `request.signal` follows the request stream, and that closes as soon as a body has been read, so a POST would be canceled
 * before it begins. The response's stream closes unfinished only when the client has left.
 */
function watchClient({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) controller.abort(CLIENT_LEFT);
  });
  return controller.signal;
}
