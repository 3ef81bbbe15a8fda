import { createHash, randomBytes } from 'node:crypto';
import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request as startRequest } from 'node:http';
import type { Socket } from 'node:net';
import { type Clock, OpsError, onAbort, systemClock } from '@breakwater/kernel';
import { type CertificateCheck, createCertificateCheck, createPinCheck } from './certificate-check.ts';
import { openSocket } from './connect-socket.ts';
import { requireLoopback } from './origin.ts';
import { createCanceledError, createTimeoutError, type TransportPhase, toTransportError } from './transport-error.ts';

/** RFC 6455, section 1.3. */
const ACCEPT_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const MAX_HEAD_BYTES = 16 * 1024;

/** How the far end of an upgrade proves who it is. `plain` is for simulators on this machine. */
export type DoorTrust =
  | { readonly kind: 'sha256'; readonly fingerprint: string }
  /** vSphere's tickets carry this older kind of fingerprint. */
  | { readonly kind: 'sha1'; readonly fingerprint: string }
  /** Without `pem`: the authorities of this machine. */
  | { readonly kind: 'ca'; readonly pem?: string | undefined }
  | { readonly kind: 'plain' };

export interface DialUpgradeOptions {
  readonly host: string;
  readonly port: number;
  /** May hold a ticket; it appears in no error. */
  readonly path: string;
  /** Subprotocol to offer. */
  readonly protocol: string;
  readonly trust: DoorTrust;
  /** `sec-websocket-key` of the browser may be given, so that the answer fits it; otherwise one is made. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** From the name look-up to the answer. Default: 10 s. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock | undefined;
}

export interface UpgradedSocket {
  /** Paused; an error on it before somebody listens does no harm. */
  readonly socket: Socket;
  /** Bytes of the new protocol that arrived together with the answer. */
  readonly head: Buffer;
  readonly responseHeaders: IncomingHttpHeaders;
  /** What the server chose; empty when it did not say. */
  readonly protocol: string;
}

/** Opens a WebSocket upgrade and hands over the bare socket after a valid 101. Extensions are never offered. */
export async function dialUpgrade(options: DialUpgradeOptions): Promise<UpgradedSocket> {
  const { host, port, trust, signal } = options;
  const clock = options.clock ?? systemClock;
  const timeoutMs = options.timeoutMs ?? 10_000;
  const check = createDoorCheck(trust);
  if (check === undefined) requireLoopback(host);
  const origin = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const startedAtMs = clock.now();
  const socket = await openSocket({
    host,
    port,
    security: check === undefined ? { kind: 'plain' } : { kind: 'tls', check },
    clock,
    connectTimeoutMs: Math.min(5_000, timeoutMs),
    tlsTimeoutMs: Math.min(5_000, timeoutMs),
    signal,
  });
  socket.on('error', () => undefined);
  const leftMs = Math.max(1, timeoutMs - (clock.now() - startedAtMs));
  return upgrade(socket, { ...options, clock, origin, timeoutMs: leftMs });
}

function createDoorCheck(trust: DoorTrust): CertificateCheck | undefined {
  switch (trust.kind) {
    case 'sha256':
    case 'sha1':
      return createPinCheck(trust.kind, trust.fingerprint);
    case 'ca':
      return createCertificateCheck(trust.pem === undefined ? { kind: 'system-ca' } : { kind: 'ca', pem: trust.pem });
    case 'plain':
      return undefined;
  }
}

type Upgrade = DialUpgradeOptions & { readonly clock: Clock; readonly origin: string; readonly timeoutMs: number };

function upgrade(socket: Socket, options: Upgrade): Promise<UpgradedSocket> {
  const { clock, origin, timeoutMs, signal } = options;
  const key = options.headers?.['sec-websocket-key'] ?? randomBytes(16).toString('base64');
  const place = { origin, phase: 'first-byte' as TransportPhase };
  return new Promise((resolve, reject) => {
    let request: ClientRequest | undefined;
    const finish = (error: OpsError | null, upgraded?: UpgradedSocket): void => {
      timer.cancel();
      stopListening();
      if (error === null && upgraded !== undefined) {
        resolve(upgraded);
        return;
      }
      reject(error);
      request?.destroy();
      socket.destroy();
    };
    const timer = clock.after(timeoutMs, () => finish(createTimeoutError(place, { timeoutMs })), { keepAlive: true });
    let stopListening: () => void = () => undefined;
    try {
      request = startRequest({
        createConnection: () => socket,
        host: options.host,
        port: options.port,
        path: options.path,
        maxHeaderSize: MAX_HEAD_BYTES,
        headers: {
          host: options.port === (options.trust.kind === 'plain' ? 80 : 443) ? origin.replace(/:\d+$/, '') : origin,
          ...options.headers,
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'sec-websocket-key': key,
          'sec-websocket-protocol': options.protocol,
        },
      });
    } catch (error) {
      finish(toTransportError(error, place));
      return;
    }
    request.on('error', (error) => finish(toTransportError(error, place)));
    request.on('response', (response) => {
      finish(createRefusedError(response, origin));
    });
    request.on('upgrade', (response, upgraded, head) => {
      const fault = findFault(response, { key, protocol: options.protocol });
      if (fault === undefined) finish(null, describe(response, { socket: upgraded as Socket, head }));
      else finish(createInvalidError(fault, origin));
    });
    stopListening = onAbort(signal, (reason) => finish(createCanceledError(place, reason)));
    request.end();
  });
}

const describe = (response: IncomingMessage, wire: { readonly socket: Socket; readonly head: Buffer }): UpgradedSocket => ({
  ...wire,
  responseHeaders: response.headers,
  protocol: response.headers['sec-websocket-protocol'] ?? '',
});

function findFault(response: IncomingMessage, offer: { readonly key: string; readonly protocol: string }): string | undefined {
  const { headers } = response;
  if (response.statusCode !== 101 || headers.upgrade?.toLowerCase() !== 'websocket') return 'it switched to something else';
  if (headers['sec-websocket-accept'] !== computeWebSocketAccept(offer.key)) return 'its proof does not fit the key';
  if (headers['sec-websocket-extensions'] !== undefined) return 'it uses extensions that were not offered';
  const protocol = headers['sec-websocket-protocol'];
  if (protocol !== undefined && protocol !== offer.protocol) return 'it chose a protocol that was not offered';
  return undefined;
}

/** `Sec-WebSocket-Accept` for a key: RFC 6455, section 4.2.2. */
export function computeWebSocketAccept(key: string): string {
  return createHash('sha1').update(`${key}${ACCEPT_SUFFIX}`).digest('base64');
}

const createRefusedError = (response: IncomingMessage, origin: string): OpsError =>
  new OpsError({
    code: 'TRANSPORT_UPGRADE_REFUSED',
    message: `The server answered ${response.statusCode} instead of opening a WebSocket (${origin})`,
    details: { origin, phase: 'first-byte', sent: true, status: response.statusCode, statusText: response.statusMessage?.slice(0, 200) },
  });

const createInvalidError = (fault: string, origin: string): OpsError =>
  new OpsError({
    code: 'TRANSPORT_UPGRADE_INVALID',
    message: `The server's upgrade to a WebSocket is not valid: ${fault} (${origin})`,
    details: { origin, phase: 'first-byte', sent: true },
  });
