import type { DownloadDoor, DownloadedFile, DownloadRequest, ProbeAnswer, ProbeRequest } from '@breakwater/host-config';
import { type Clock, isOpsError, OpsError, systemClock } from '@breakwater/kernel';
import type { TlsTrust, TransportResponse } from '@breakwater/transport';
import { findCached, trimCache } from './download-cache.ts';
import { PartialFile, type PartialNote } from './partial-file.ts';

const MAX_REDIRECTS = 5;
const PROBE_BODY_BYTES = 64 * 1_024;
/** The caller bounds the whole by its signal; a large file over a slow line may take hours. */
const NO_LIMIT_MS = 24 * 3_600_000;

export interface DownloadDoorOptions {
  readonly clock?: Clock;
  /** Default: what this machine trusts. */
  readonly trust?: TlsTrust;
}

interface Asking {
  readonly signal: AbortSignal;
  readonly connectTimeoutMs: number;
  readonly inactivityTimeoutMs: number;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** HTTP transfers into files of this machine, one attempt each. */
export function createDownloadDoor(options: DownloadDoorOptions = {}): DownloadDoor {
  return new HttpDownloadDoor(options);
}

class HttpDownloadDoor implements DownloadDoor {
  readonly #clock: Clock;
  readonly #trust: TlsTrust;

  constructor({ clock = systemClock, trust = { kind: 'system-ca' } }: DownloadDoorOptions) {
    this.#clock = clock;
    this.#trust = trust;
  }

  async fetch(request: DownloadRequest, { signal }: { readonly signal: AbortSignal }): Promise<DownloadedFile> {
    requireVerification(request);
    const file = new PartialFile(request.path);
    try {
      return await this.#transfer(request, { file, signal });
    } catch (error) {
      throw toDownloadError(error, request.path);
    } finally {
      await file.close();
    }
  }

  find(path: string, sha256: string): Promise<DownloadedFile | null> {
    return findCached(path, { sha256, wallMs: this.#clock.wall() });
  }

  trim(folder: string, options: { readonly maxBytes: number; readonly isInUse: (path: string) => boolean }): Promise<void> {
    return trimCache(folder, options);
  }

  async probe(request: ProbeRequest, { signal }: { readonly signal: AbortSignal }): Promise<ProbeAnswer> {
    requireVerification(request);
    const clock = this.#clock;
    const startedMs = clock.now();
    let firstByteMs: number | null = null;
    const { timeoutMs } = request;
    const headers: Record<string, string> = request.method === 'HEAD' ? {} : { range: `bytes=0-${PROBE_BODY_BYTES - 1}` };
    const asking = { signal, headers, timeoutMs, connectTimeoutMs: timeoutMs, inactivityTimeoutMs: timeoutMs, maxBytes: 1_024 ** 3 };
    const { method, url } = request;
    return await this.#ask({ url, method }, asking, async (response) => {
      firstByteMs = clock.now() - startedMs;
      let bytes = 0;
      for await (const chunk of response.chunks) {
        bytes += chunk.length;
        if (bytes >= PROBE_BODY_BYTES) break;
      }
      const flat = Object.entries(response.headers).map(([name, value]) => [
        name,
        typeof value === 'string' ? value : (value ?? []).join(', '),
      ]);
      return {
        statusCode: response.status,
        headers: Object.fromEntries(flat) as Record<string, string>,
        tookMs: Math.round(clock.now() - startedMs),
        phasesMs: { dns: null, connect: null, tls: null, firstByte: Math.round(firstByteMs) },
      };
    });
  }

  async #transfer(
    request: DownloadRequest,
    { file, signal }: { readonly file: PartialFile; readonly signal: AbortSignal },
  ): Promise<DownloadedFile> {
    const note = await file.findNote(request.url);
    if (note !== null) await file.goOn();
    const from = file.sizeBytes;
    const { connectTimeoutMs, inactivityTimeoutMs, maxBytes, url } = request;
    const range: Record<string, string> = note === null || from === 0 ? {} : { range: `bytes=${from}-`, 'if-range': note.validator };
    const asking = {
      signal,
      connectTimeoutMs,
      inactivityTimeoutMs,
      maxBytes,
      timeoutMs: NO_LIMIT_MS,
      // A hash is of the bytes as they lie on the server: nothing may be packed on the way.
      headers: { ...range, 'accept-encoding': 'identity' },
    };
    const transferredBytes = await this.#ask({ url, method: 'GET' }, asking, (response) => receive(response, { request, file, from }));
    const sha256 = file.digest();
    if (request.sizeBytes !== undefined && file.sizeBytes !== request.sizeBytes) {
      await file.drop();
      throw createDownloadError('HOST_DOWNLOAD_SIZE', `${url} has ${file.sizeBytes} bytes instead of ${request.sizeBytes}`, { url });
    }
    if (request.sha256 !== null && sha256 !== request.sha256) {
      await file.drop();
      throw createDownloadError('HOST_DOWNLOAD_HASH', `${url} is not the expected file: its SHA-256 is ${sha256}`, { url, sha256 });
    }
    await file.finish();
    return { path: request.path, sha256, sizeBytes: file.sizeBytes, transferredBytes };
  }

  /** Follows redirects, never from https to http, and answers for the last URL. */
  async #ask<T>(
    target: { readonly url: string; readonly method: 'GET' | 'HEAD' },
    asking: Asking,
    read: (response: TransportResponse) => Promise<T>,
  ): Promise<T> {
    let url = parseUrl(target.url);
    for (let redirects = 0; ; redirects++) {
      if (redirects > MAX_REDIRECTS)
        throw createDownloadError('HOST_DOWNLOAD_REDIRECT', `${target.url} redirects too often`, { url: target.url });
      const answer = await this.#exchange({ url, method: target.method }, asking, read);
      if (answer.kind === 'value') return answer.value;
      const next = parseUrl(answer.location, url);
      if (url.protocol === 'https:' && next.protocol !== 'https:') {
        throw createDownloadError('HOST_DOWNLOAD_REDIRECT', `${target.url} redirects from https to http`, { url: target.url });
      }
      url = next;
    }
  }

  async #exchange<T>(
    { method, url }: { readonly url: URL; readonly method: 'GET' | 'HEAD' },
    { connectTimeoutMs, headers, inactivityTimeoutMs, maxBytes, signal, timeoutMs }: Asking,
    read: (response: TransportResponse) => Promise<T>,
  ): Promise<{ readonly kind: 'value'; readonly value: T } | { readonly kind: 'redirect'; readonly location: string }> {
    // Only who really fetches something waits for HTTP to be loaded: half of the calls of a command line do not.
    const { openTransport } = await import('@breakwater/transport');
    const transport = openTransport({
      origin: url.origin,
      trust: this.#trust,
      plainHttp: 'any-host',
      connections: 1,
      clock: this.#clock,
      connectTimeoutMs,
      tlsTimeoutMs: connectTimeoutMs,
      bodyIdleMs: inactivityTimeoutMs,
    });
    // The transport bounds the whole exchange; the silence before the first byte is bounded here.
    const silence = new AbortController();
    const timer = this.#clock.after(connectTimeoutMs + inactivityTimeoutMs, () => silence.abort(), { keepAlive: true });
    try {
      return await transport.exchange(
        {
          method,
          path: `${url.pathname}${url.search}`,
          headers,
          timeoutMs,
          maxBodyBytes: maxBytes,
          operation: `${method} download`,
          priority: 'low',
          idempotent: true,
          signal: AbortSignal.any([signal, silence.signal]),
        },
        async (response) => {
          timer.cancel();
          const { location } = response.headers;
          if ([301, 302, 303, 307, 308].includes(response.status) && typeof location === 'string') return { kind: 'redirect', location };
          return { kind: 'value', value: await read(response) };
        },
      );
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (silence.signal.aborted) {
        throw new OpsError({
          code: 'TRANSPORT_TIMEOUT',
          message: `The server did not answer (${url.origin})`,
          cause: error,
          details: { origin: url.origin },
        });
      }
      throw error;
    } finally {
      timer.cancel();
      await transport.close();
    }
  }
}

/** Writes the body into the partial file and gives how many bytes came. */
async function receive(
  response: TransportResponse,
  { file, from, request }: { readonly request: DownloadRequest; readonly file: PartialFile; readonly from: number },
): Promise<number> {
  const { headers, status } = response;
  if (status === 416) {
    await file.drop();
    throw createDownloadError('HOST_DOWNLOAD_RANGE', `${request.url} cannot be gone on with`, { url: request.url, status });
  }
  if (status === 206 && from > 0) {
    const start = /^bytes (\d+)-/.exec(String(headers['content-range'] ?? ''))?.[1];
    if (Number(start) !== from) {
      await file.drop();
      throw createDownloadError('HOST_DOWNLOAD_RANGE', `${request.url} sends another part than the one that was asked for`, {
        url: request.url,
        status,
      });
    }
  } else if (status === 200) {
    // Also when a part was asked for: the file has changed, or the server has no parts.
    await file.begin(toNote(request.url, headers));
  } else {
    const retryAfter = headers['retry-after'];
    throw createDownloadError('HOST_DOWNLOAD_STATUS', `${request.url} is answered with status ${status}`, {
      url: request.url,
      status,
      ...(typeof retryAfter === 'string' ? { retryAfter } : {}),
    });
  }
  const length = Number(headers['content-length'] ?? Number.NaN);
  const totalBytes = Number.isSafeInteger(length) ? file.sizeBytes + length : null;
  let transferredBytes = 0;
  for await (const chunk of response.chunks) {
    if (file.sizeBytes + chunk.length > request.maxBytes) {
      await file.drop();
      throw createDownloadError('HOST_DOWNLOAD_TOO_LARGE', `${request.url} has more than ${request.maxBytes} bytes`, { url: request.url });
    }
    await file.append(chunk);
    transferredBytes += chunk.length;
    request.onProgress?.(file.sizeBytes, totalBytes);
  }
  return transferredBytes;
}

/** Weak validators compare meaning and not bytes, so nothing can be gone on with by them. */
function toNote(url: string, headers: TransportResponse['headers']): PartialNote | null {
  const { etag } = headers;
  return typeof etag === 'string' && etag.startsWith('"') ? { url, validator: etag } : null;
}

function parseUrl(text: string, base?: URL): URL {
  const url = URL.canParse(text, base?.href) ? new URL(text, base?.href) : null;
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:') || url.username !== '' || url.password !== '') {
    throw createDownloadError('HOST_DOWNLOAD_URL', 'The URL is not an http or https URL without credentials', {});
  }
  return url;
}

/** The transport has no way to trust anybody, and gets none for the sake of one key. */
function requireVerification({ url, verifySsl }: { readonly url: string; readonly verifySsl: boolean }): void {
  if (verifySsl || !url.toLowerCase().startsWith('https:')) return;
  throw createDownloadError(
    'HOST_DOWNLOAD_UNVERIFIED',
    'Certificates are always verified here; give the machine the authority instead',
    {},
  );
}

const createDownloadError = (code: string, text: string, details: Readonly<Record<string, unknown>>): OpsError =>
  new OpsError({ code, message: `${text}.`, details });

/** Of what is neither the network nor HTTP there is left the disk. */
function toDownloadError(error: unknown, path: string): unknown {
  if (isOpsError(error) || !(error instanceof Error) || typeof (error as NodeJS.ErrnoException).syscall !== 'string') return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  return new OpsError({ code: 'HOST_DOWNLOAD_WRITE', message: `${path}: ${message}`, cause: error, details: { path, reason: code } });
}
