import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join, normalize } from 'node:path';
import type { Fault } from './fault.ts';
import type { Answering, BedAnswer, BedRequest } from './faulty-server.ts';

/** Answers with the files of a folder, as a mirror does: strong validator, date, ranges with `If-Range`, `If-Modified-Since`. */
export function serveFolder(folder: string): Answering {
  return (request, fault) => {
    const path = normalize(decodeURIComponent(request.path.split('?')[0] ?? '/'));
    const file = join(folder, path);
    if (!file.startsWith(folder) || statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return notFound();
    return answerFile({ request, fault, body: readFileSync(file), modified: statSync(file).mtime });
  };
}

/** The same for bytes that a test holds; a test may change the map at any time. */
export function serveBytes(files: ReadonlyMap<string, Uint8Array>): Answering {
  const modified = new Date('2026-01-01T00:00:00Z');
  return (request, fault) => {
    const body = files.get(request.path.split('?')[0] ?? '/');
    return body === undefined ? notFound() : answerFile({ request, fault, body: Buffer.from(body), modified });
  };
}

const notFound = (): BedAnswer => ({ status: 404, headers: { 'content-type': 'text/plain' }, body: Buffer.from('not found\n') });

let answers = 0;

function answerFile(file: {
  readonly request: BedRequest;
  readonly fault: Fault | null;
  readonly body: Buffer;
  readonly modified: Date;
}): BedAnswer {
  const { body, fault, modified, request } = file;
  answers++;
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 16);
  const etag = fault?.kind === 'changing-etag' ? `"${hash}-${answers}"` : `"${hash}"`;
  const headers = { etag, 'last-modified': modified.toUTCString(), 'accept-ranges': 'bytes', 'content-type': 'application/octet-stream' };
  const since = Date.parse(String(request.headers['if-modified-since'] ?? ''));
  if (!Number.isNaN(since) && Math.floor(modified.getTime() / 1_000) * 1_000 <= since)
    return { status: 304, headers, body: Buffer.alloc(0) };
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  if (range === null || fault?.kind === 'no-range') return { status: 200, headers, body };
  const condition = request.headers['if-range'];
  if (condition !== undefined && condition !== etag && condition !== headers['last-modified']) return { status: 200, headers, body };
  const from = Number(range[1]);
  const to = range[2] === '' ? body.length - 1 : Math.min(Number(range[2]), body.length - 1);
  if (from > to) return { status: 416, headers: { ...headers, 'content-range': `bytes */${body.length}` }, body: Buffer.alloc(0) };
  const shift = fault?.kind === 'wrong-range' ? -Math.min(1, from) : 0;
  const part = body.subarray(from + shift, to + 1);
  return { status: 206, headers: { ...headers, 'content-range': `bytes ${from + shift}-${to}/${body.length}` }, body: part };
}
