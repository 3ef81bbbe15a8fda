import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DownloadDoor, DownloadedFile, DownloadRequest, ProbeAnswer } from '@breakwater/host-config';
import { type Clock, OpsError, systemClock } from '@breakwater/kernel';
import { parseRetryAfterMs } from '@breakwater/resilience';
import { openTransport, type TlsTrust, type Transport, type TransportResponse } from '@breakwater/transport';
import { type Partial, readPartial, removePartial, writePartialNote } from './partial-file.ts';

const MAX_REDIRECTS = 5;
/** The caller's signal ends a transfer; this only has to be longer than any. */
const WHOLE_TIMEOUT_MS = 86_400_000;

export interface DownloadDoorOptions {
  readonly clock?: Clock;
  /** Default: the authorities of this machine. */
  readonly trust?: TlsTrust;
}

/** One transfer at a time into a file of the cache; what has arrived of one that broke off is gone on with, if the server still has the same. */
export function createDownloadDoor(options: DownloadDoorOptions = {}): DownloadDoor {
  const { clock = systemClock, trust = { kind: 'system-ca' } } = options;
  const room: Room = { clock, trust };
  return {
    async fetch(request, { signal }) {
      requireVerified(request);
      await mkdir(dirname(request.path), { recursive: true, mode: 0o700 });
      const partial = await readPartial(request.path, request.url);
      try {
        return await transfer(request, { ...room, signal, partial });
      } catch (error) {
        if (!(error instanceof RangeRefused)) throw error;
        // What lies here does not fit what the server has now: once more, from the beginning.
        await removePartial(request.path);
        return await transfer(request, { ...room, signal, partial: null });
      }
    },
    async find(path, sha256) {
      const facts = await stat(path).catch(() => null);
      if (facts === null || !facts.isFile() || (await hashFile(path)) !== sha256) return null;
      return { path, sha256, sizeBytes: facts.size, transferredBytes: 0 };
    },
    async probe(request, { signal }) {
      requireVerified(request);
      const startedAt = clock.now();
      return await visit(
        request.url,
        { ...room, signal, timeoutMs: request.timeoutMs, headers: {}, maxBodyBytes: Number.MAX_SAFE_INTEGER },
        async (response) => toProbeAnswer(response, clock.now() - startedAt),
      );
    },
  };
}

interface Room {
  readonly clock: Clock;
  readonly trust: TlsTrust;
}

/** The range that was asked for is not the one that came, or there is none. */
class RangeRefused extends Error {}

async function transfer(
  request: DownloadRequest,
  room: Room & { readonly signal: AbortSignal; readonly partial: Partial | null },
): Promise<DownloadedFile> {
  const { inactivityTimeoutMs, maxBytes, connectTimeoutMs, url } = request;
  const { partial } = room;
  const headers: Record<string, string> = { 'accept-encoding': 'identity' };
  if (partial !== null) Object.assign(headers, { range: `bytes=${partial.sizeBytes}-`, 'if-range': partial.validator });
  const visiting = { ...room, headers, timeoutMs: WHOLE_TIMEOUT_MS, maxBodyBytes: maxBytes, inactivityTimeoutMs, connectTimeoutMs };
  const transferredBytes = await visit(url, visiting, (response) => receive(request, { response, partial }));
  return await finish(request, transferredBytes);
}

async function receive(
  request: DownloadRequest,
  { partial, response }: { readonly response: TransportResponse; readonly partial: Partial | null },
): Promise<number> {
  const { maxBytes, onProgress, path, url } = request;
  const isResumed = response.status === 206;
  if (response.status === 416 && partial !== null) throw new RangeRefused();
  if (isResumed && toRangeStart(response) !== partial?.sizeBytes) throw new RangeRefused();
  const startBytes = isResumed ? (partial?.sizeBytes ?? 0) : 0;
  const lengthText = readHeader(response, 'content-length');
  const totalBytes = lengthText === null ? null : startBytes + Number(lengthText);
  if (totalBytes !== null && totalBytes > maxBytes) throw tooLarge(url, maxBytes);
  if (!isResumed) await writePartialNote(path, { url, validator: toStrongValidator(response) });
  const file = await open(`${path}.part`, isResumed ? 'a' : 'w', 0o600);
  let received = 0;
  try {
    for await (const chunk of response.chunks) {
      received += chunk.length;
      if (startBytes + received > maxBytes) throw tooLarge(url, maxBytes);
      await file.write(chunk);
      onProgress?.(startBytes + received, totalBytes);
    }
    if (totalBytes !== null && startBytes + received !== totalBytes) throw failed(url, 'it was cut off');
    await file.sync();
  } finally {
    await file.close();
  }
  return received;
}

/** Hashed from the disk: a resumed file is as good as a whole one only if all of it is. */
async function finish({ path, sha256, sizeBytes, url }: DownloadRequest, transferredBytes: number): Promise<DownloadedFile> {
  const part = `${path}.part`;
  const { size } = await stat(part);
  const found = await hashFile(part);
  if ((sha256 !== null && found !== sha256.toLowerCase()) || (sizeBytes !== undefined && size !== sizeBytes)) {
    await removePartial(path);
    throw new OpsError({
      code: 'HOST_DOWNLOAD_HASH',
      message: `What came from ${url} has the SHA-256 ${found} and ${size} bytes, and not what it must have.`,
      details: { url, found, expected: sha256 },
    });
  }
  await rename(part, path);
  await removePartial(path);
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
  return { path, sha256: found, sizeBytes: size, transferredBytes };
}

interface Visit extends Room {
  readonly signal: AbortSignal;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
  readonly inactivityTimeoutMs?: number;
  readonly connectTimeoutMs?: number;
}

/** Follows redirects, though never from https to http. */
async function visit<T>(text: string, options: Visit, read: (response: TransportResponse) => Promise<T>): Promise<T> {
  let url = new URL(text);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const transport = openWay(url, options);
    try {
      const outcome = await transport.exchange(
        {
          method: 'GET',
          path: `${url.pathname}${url.search}`,
          headers: options.headers,
          operation: 'GET file',
          priority: 'normal',
          idempotent: true,
          timeoutMs: options.timeoutMs,
          maxBodyBytes: options.maxBodyBytes,
          signal: options.signal,
        },
        async (response) => {
          const next = toRedirect(response, url);
          if (next !== null) return { kind: 'redirected', next } as const;
          requireGood(response, text, options);
          return { kind: 'read', value: await read(response) } as const;
        },
      );
      if (outcome.kind === 'read') return outcome.value;
      url = outcome.next;
    } finally {
      await transport.close();
    }
  }
  throw failed(text, `it redirects more than ${MAX_REDIRECTS} times`);
}

function openWay(url: URL, { clock, connectTimeoutMs, inactivityTimeoutMs, trust }: Visit): Transport {
  return openTransport({
    origin: url.origin,
    // apt's own mirrors speak plain http; what is fetched is proven by its hash.
    plainHttp: 'any-host',
    trust,
    connections: 1,
    clock,
    connectTimeoutMs,
    bodyIdleMs: inactivityTimeoutMs,
  });
}

function toRedirect(response: TransportResponse, from: URL): URL | null {
  const location = readHeader(response, 'location');
  if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return null;
  const next = URL.canParse(location, from.href) ? new URL(location, from.href) : null;
  if (next === null || !['http:', 'https:'].includes(next.protocol) || next.username !== '')
    throw failed(from.href, 'it redirects to what is no URL');
  if (from.protocol === 'https:' && next.protocol === 'http:') {
    throw new OpsError({
      code: 'TRANSPORT_PLAIN_HTTP_REFUSED',
      message: `${from.href} redirects from https to http, where anybody could change what comes.`,
    });
  }
  return next;
}

/** Statuses that carry the file, and 416, which says that ours is another one. */
function requireGood(response: TransportResponse, url: string, { clock, headers }: Visit): void {
  const { status } = response;
  if (status === 200 || (headers['range'] !== undefined && (status === 206 || status === 416))) return;
  const retryAfter = readHeader(response, 'retry-after');
  const retryAfterMs = retryAfter === null ? undefined : parseRetryAfterMs(retryAfter, { nowWallMs: clock.wall() });
  throw new OpsError({
    code: 'HOST_DOWNLOAD_FAILED',
    message: `${url} answers with ${status}.`,
    details: { url, statusCode: status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
  });
}

function toProbeAnswer(response: TransportResponse, tookMs: number): ProbeAnswer {
  const headers = Object.entries(response.headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value] as const] : []));
  const phasesMs = { dns: null, connect: null, tls: null, firstByte: Math.round(tookMs) };
  return { statusCode: response.status, headers: Object.fromEntries(headers), tookMs: Math.round(tookMs), phasesMs };
}

function readHeader(response: TransportResponse, name: string): string | null {
  const value = response.headers[name];
  return typeof value === 'string' ? value : null;
}

/** Weak validators may stand for other bytes, so nothing is gone on with by them (RFC 9110, section 13.1.5). */
function toStrongValidator(response: TransportResponse): string | null {
  const etag = readHeader(response, 'etag');
  return etag?.startsWith('"') === true ? etag : null;
}

function toRangeStart(response: TransportResponse): number | null {
  const match = /^bytes (\d{1,15})-\d+\//.exec(readHeader(response, 'content-range') ?? '');
  return match === null ? null : Number(match[1]);
}

function requireVerified({ url, verifySsl }: { readonly url: string; readonly verifySsl: boolean }): void {
  if (verifySsl || url.startsWith('http:')) return;
  throw failed(url, 'certificates are always checked; put an authority of your own among those of this machine');
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

const failed = (url: string, why: string): OpsError =>
  new OpsError({ code: 'HOST_DOWNLOAD_FAILED', message: `${url} could not be downloaded: ${why}.`, details: { url } });

const tooLarge = (url: string, maxBytes: number): OpsError => failed(url, `it is larger than ${maxBytes} bytes`);
