import type { Socket } from 'node:net';
import type { Access } from '@breakwater/access';
import { type Clock, createId, isOpsError, type Logger, OpsError } from '@breakwater/kernel';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { OriginQuestion } from './http/origin-guard.ts';
import { toProblemAnswer } from './http/problem.ts';
import { registerRoute } from './http/register-route.ts';
import type { Authenticate, Route } from './http/route.ts';
import type { HeaderQuestion } from './http/security-headers.ts';
import { refuseUpgrade } from './http/upgrade-guard.ts';
import type { HttpFigures } from './metrics/http-figures.ts';

/** The largest JSON anybody has a reason to send is a list of 500 visible machines. */
const MAX_BODY_BYTES = 65_536;

/** Encoded, a vSphere id can triple in length. */
const MAX_PARAM_LENGTH = 1_000;

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Probes name hosts as they like, and the answer is the same for everybody. */
const PROBE_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz']);

export interface PortalAppOptions {
  readonly access: Access;
  readonly authenticate: Authenticate;
  readonly routes: readonly Route[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly http: HttpFigures;
  readonly basePath: string;
  readonly trustedProxies: readonly string[];
  readonly guardHost: (host: string | undefined) => void;
  readonly guardOrigin: (question: OriginQuestion) => void;
  readonly headers: (question: HeaderQuestion) => Readonly<Record<string, string>>;
  /** Answers what no route has. */
  readonly serveRest: (request: FastifyRequest, reply: FastifyReply) => unknown;
}

/** The HTTP server without its doors: guards, routes, one shape of errors, one line of log per request. */
export function createPortalApp(options: PortalAppOptions): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: MAX_BODY_BYTES,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    exposeHeadRoutes: false,
    genReqId: createRequestIds(),
    trustProxy: options.trustedProxies.length === 0 ? false : [...options.trustedProxies],
    rewriteUrl: (request) => stripBasePath(request.url ?? '/', options.basePath),
    // Slow senders hold a socket and nothing else: the whole request must arrive in this time.
    requestTimeout: 30_000,
    clientErrorHandler: (error, socket) => refuseBytes(error, socket),
    // These never reach a hook, so the headers are set here.
    frameworkErrors: (error, request, reply) => {
      setHeaders(request, reply, options);
      void sendProblem(options, { error, request, reply });
    },
  });
  app.decorateRequest('principal', null);
  acceptJsonOnly(app);
  app.addHook('onRequest', (request, reply, done) => {
    guard(request, reply, options);
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    noteAnswer(request, reply, options);
    done();
  });
  app.setErrorHandler((error, request, reply) => sendProblem(options, { error, request, reply }));
  app.setNotFoundHandler((request, reply) => options.serveRest(request, reply));
  for (const route of options.routes) registerRoute(app, route, options);
  return app;
}

/** Paths outside the base get an address that no route and no file has. */
function stripBasePath(url: string, basePath: string): string {
  if (basePath === '' || url === '/healthz' || url === '/readyz') return url;
  if (url === basePath || url.startsWith(`${basePath}?`)) return `/${url.slice(basePath.length)}`;
  return url.startsWith(`${basePath}/`) ? url.slice(basePath.length) : '/api/outside-base-path';
}

/** Forms and texts are refused, so that a foreign page's form cannot carry a request (it can send no JSON type). */
function acceptJsonOnly(app: FastifyInstance): void {
  app.removeContentTypeParser(['text/plain', 'application/json']);
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) done(null, undefined);
    else void parse(request, body, done);
  });
}

function setHeaders(request: FastifyRequest, reply: FastifyReply, options: PortalAppOptions): void {
  const kind = request.url.startsWith('/api/') ? 'data' : 'page';
  reply.headers(options.headers({ kind, hostname: request.hostname, isSecure: request.protocol === 'https' }));
}

function guard(request: FastifyRequest, reply: FastifyReply, options: PortalAppOptions): void {
  setHeaders(request, reply, options);
  if (!PROBE_PATHS.has(request.url)) options.guardHost(request.host);
  if (SAFE_METHODS.has(request.method)) return;
  const fetchSite = request.headers['sec-fetch-site'];
  options.guardOrigin({
    origin: request.headers.origin,
    fetchSite: typeof fetchSite === 'string' ? fetchSite : undefined,
    host: request.host,
  });
}

function sendProblem(
  options: PortalAppOptions,
  { error, request, reply }: { readonly error: unknown; readonly request: FastifyRequest; readonly reply: FastifyReply },
): FastifyReply {
  const { status, problem, retryAfterMs } = toProblemAnswer(error, { requestId: request.id });
  if (status >= 500) {
    const fields = { request: request.id, method: request.method, route: routeOf(request), status, error };
    if (isOpsError(error)) options.logger.warn('A request could not be served', fields);
    else options.logger.error('A request failed', fields);
  }
  if (retryAfterMs !== null) reply.header('retry-after', String(Math.ceil(retryAfterMs / 1_000)));
  // A file's or a list's caching and encoding must not stick to the problem that takes its place.
  for (const name of ['etag', 'content-encoding', 'x-cache', 'x-cache-age']) reply.removeHeader(name);
  return reply
    .code(status)
    .header('x-request-id', request.id)
    .header('cache-control', 'no-store')
    .header('content-type', 'application/problem+json')
    .send(JSON.stringify(problem));
}

/** What Node's parser refuses is no request yet, so it has no hooks, no route and no id. */
function refuseBytes(error: Error, socket: Socket): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const isTooLarge = 'code' in error && error.code === 'HPE_HEADER_OVERFLOW';
  const refusal = isTooLarge
    ? { code: 'PORTAL_HEADERS_TOO_LARGE', message: 'The headers are larger than 16 KiB.' }
    : { code: 'PORTAL_REQUEST_INVALID', message: 'These bytes are not an HTTP request.' };
  refuseUpgrade(socket, { error: new OpsError(refusal), requestId: 'none' });
}

/** The pattern, never the address: an address may hold what its sender likes. */
const routeOf = (request: FastifyRequest): string => request.routeOptions.url ?? 'page';

/** Every answer is counted; what changes or fails is also logged. A line per picture would hide what matters. */
function noteAnswer(request: FastifyRequest, reply: FastifyReply, options: PortalAppOptions): void {
  const { method } = request;
  const { statusCode: status, elapsedTime: tookMs } = reply;
  const route = routeOf(request);
  options.http.record({ method, route, status, tookMs });
  if (status < 400 && SAFE_METHODS.has(method)) return;
  const fields = { request: request.id, method, route, status, took_ms: Math.round(tookMs * 10) / 10, address: request.ip };
  const actor = request.principal?.name ?? null;
  if (SAFE_METHODS.has(method) || route.endsWith('/visible')) options.logger.debug('Request', { ...fields, actor });
  else options.logger.info('Request', { ...fields, actor });
}

/** Unique among all starts of the program, and cheap: each request gets one. */
function createRequestIds(): () => string {
  const prefix = createId().slice(-12);
  let count = 0;
  return () => `${prefix}-${(count++).toString(36)}`;
}
