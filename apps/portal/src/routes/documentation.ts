import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { PreparedBody, sendPrepared } from '../http/prepared-body.ts';
import { definePublicRoute, type Route } from '../http/route.ts';

const PAGE_FILES = [
  { path: '/docs', file: 'docs.html', mediaType: 'text/html; charset=utf-8', id: 'getDocumentationPage' },
  { path: '/docs/docs.css', file: 'docs.css', mediaType: 'text/css; charset=utf-8', id: 'getDocumentationStyle' },
  { path: '/docs/docs.mjs', file: 'docs.mjs', mediaType: 'text/javascript; charset=utf-8', id: 'getDocumentationScript' },
] as const;

/** The API's description for programs and for people. It says nothing about the fleet, so strangers may read it too. */
export function createDocumentationRoutes(options: { readonly openapi: () => unknown }): readonly Route[] {
  let document: PreparedBody | null = null;
  return [
    definePublicRoute({
      method: 'GET',
      path: '/openapi.json',
      id: 'getOpenapi',
      tag: 'Documentation',
      summary: 'This description, as OpenAPI 3.1',
      answers: { 200: { description: 'The document.', mediaType: 'application/json' } },
      handle: ({ request, reply }) => {
        document ??= prepare(Buffer.from(JSON.stringify(options.openapi())), 'application/json; charset=utf-8');
        return sendPrepared(request, reply.header('cache-control', 'no-cache'), document);
      },
    }),
    ...PAGE_FILES.map(({ path, file, mediaType, id }) => {
      const body = prepare(readFileSync(new URL(`../openapi/page/${file}`, import.meta.url)), mediaType);
      return definePublicRoute({
        method: 'GET',
        path,
        id,
        tag: 'Documentation',
        summary: path === '/docs' ? 'This description, as a page' : 'A part of the page',
        answers: { 200: { description: 'The file.', mediaType: mediaType.split(';', 1)[0] ?? mediaType } },
        handle: ({ request, reply }) => sendPrepared(request, reply.header('cache-control', 'no-cache'), body),
      });
    }),
  ];
}

function prepare(bytes: Buffer, mediaType: string): PreparedBody {
  return new PreparedBody(bytes, { etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 20)}"`, mediaType });
}
