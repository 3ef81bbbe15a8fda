import { OpsError } from '@breakwater/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendPrepared } from '../http/prepared-body.ts';
import type { WebFiles } from './web-files.ts';

/** Paths that belong to programs: a wrong one is an error there, never the page. */
const PROGRAM_PATHS = /^\/(api|proxy|docs|metrics|healthz|readyz|openapi\.json|assets)(\/|$)/;

const NOT_BUILT = 'The web page is not built. Run "npm start", or "npm run build -w @breakwater/web", then start again.\n';

/** Answers what no route has: a file of the web UI, the page itself for its own addresses, or a problem. */
export function serveWeb(request: FastifyRequest, reply: FastifyReply, files: WebFiles): unknown {
  const path = toPath(request.url);
  const isReading = request.method === 'GET' || request.method === 'HEAD';
  const file = path === null || !isReading ? undefined : files.get(path);
  if (file !== undefined) return sendPrepared(request, reply.code(200).header('cache-control', file.cacheControl), file.body);
  if (path === null || !isReading || PROGRAM_PATHS.test(path) || !wantsPage(request)) {
    throw new OpsError({ code: 'PORTAL_NOT_FOUND', message: `Nothing is at this address for ${request.method}.` });
  }
  const page = files.get('/index.html');
  if (page === undefined) return reply.code(503).header('content-type', 'text/plain; charset=utf-8').send(NOT_BUILT);
  return sendPrepared(request, reply.code(200).header('cache-control', page.cacheControl), page.body);
}

function toPath(url: string): string | null {
  try {
    return decodeURIComponent(url.split('?', 1)[0] ?? '');
  } catch {
    return null;
  }
}

function wantsPage(request: FastifyRequest): boolean {
  const accept = request.headers.accept ?? '*/*';
  return accept.includes('text/html') || accept.includes('*/*');
}
