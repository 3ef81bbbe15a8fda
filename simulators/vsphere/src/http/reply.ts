import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';

/** What a door answers, before faults have their way with it. */
export interface Reply {
  readonly status: number;
  readonly reason?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

const GZIP_FROM_BYTES = 512;

/** Body bytes and headers as they go out; compressed when the client takes that and it is worth it. */
export function prepareReply(reply: Reply, request: IncomingMessage): { readonly headers: Record<string, string>; readonly body: Buffer } {
  const raw = typeof reply.body === 'string' ? Buffer.from(reply.body, 'utf8') : (reply.body ?? Buffer.alloc(0));
  const isText = typeof reply.body === 'string';
  const wantsGzip = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  const body = isText && wantsGzip && raw.length >= GZIP_FROM_BYTES ? gzipSync(raw, { level: 1 }) : raw;
  const headers: Record<string, string> = { ...reply.headers, 'content-length': String(body.length) };
  if (body !== raw) headers['content-encoding'] = 'gzip';
  return { headers, body };
}

export function sendReply(reply: Reply, exchange: { readonly request: IncomingMessage; readonly response: ServerResponse }): void {
  const { request, response } = exchange;
  if (response.destroyed) return;
  const { headers, body } = prepareReply(reply, request);
  if (reply.reason === undefined) response.writeHead(reply.status, headers);
  else response.writeHead(reply.status, reply.reason, headers);
  response.end(request.method === 'HEAD' ? undefined : body);
}
