import { type Clock, OpsError, onAbort, systemClock } from '@breakwater/kernel';
import { type RawData, WebSocket } from 'ws';
import { createCertificateCheck } from './certificate-check.ts';
import { openSocket } from './connect-socket.ts';
import { type OriginOptions, parseOrigin } from './origin.ts';
import type { TlsTrust } from './transport.ts';
import { createCanceledError, createTimeoutError, toTransportError } from './transport-error.ts';

/** Messages that wait for the reader before the socket is paused. */
const HIGH_WATER_MESSAGES = 16;

export interface OpenWebSocketOptions extends OriginOptions {
  /** `https://host[:port]`, as for a transport. */
  readonly origin: string;
  readonly path: string;
  readonly trust: TlsTrust;
  readonly protocols?: readonly string[] | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Larger messages close the connection. Default: 16 MiB. */
  readonly maxMessageBytes?: number | undefined;
  /** Until the socket is open. Default: 10 s. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock | undefined;
}

export interface WebSocketClosing {
  /** RFC 6455, section 7.4; 1006 when the connection just broke. */
  readonly code: number;
  readonly reason: string;
}

/** A WebSocket without surprises: no compression, no pings of its own, bounded in both directions. */
export interface WebSocketLink {
  /** The subprotocol that the server chose; empty for none. */
  readonly protocol: string;
  /** Text as string, binary as bytes. Ends when the socket closes; the socket pauses while nobody takes. One reader. */
  readonly messages: AsyncIterable<string | Uint8Array>;
  readonly closed: Promise<WebSocketClosing>;
  /** Resolves when the operating system has taken the bytes: await it and the sender cannot run ahead of the peer. */
  send(data: string | Uint8Array): Promise<void>;
  close(closing?: WebSocketClosing): Promise<WebSocketClosing>;
  /** At once, without the closing handshake. */
  terminate(): void;
}

export async function openWebSocket(options: OpenWebSocketOptions): Promise<WebSocketLink> {
  const origin = parseOrigin(options.origin, options);
  const clock = options.clock ?? systemClock;
  const timeoutMs = options.timeoutMs ?? 10_000;
  const place = { origin: origin.text, phase: 'first-byte' } as const;
  const startedAtMs = clock.now();
  const socket = await openSocket({
    host: origin.host,
    port: origin.port,
    security: origin.isTls ? { kind: 'tls', check: createCertificateCheck(options.trust) } : { kind: 'plain' },
    clock,
    connectTimeoutMs: Math.min(5_000, timeoutMs),
    tlsTimeoutMs: Math.min(5_000, timeoutMs),
    signal: options.signal,
  });
  socket.on('error', () => undefined);
  const webSocket = new WebSocket(`${origin.text}${options.path}`, [...(options.protocols ?? [])], {
    createConnection: () => socket,
    headers: { ...options.headers },
    perMessageDeflate: false,
    maxPayload: options.maxMessageBytes ?? 16 * 1024 * 1024,
    followRedirects: false,
  });
  const link = createLink(webSocket);
  await new Promise<void>((resolve, reject) => {
    const give = (error: OpsError): void => {
      timer.cancel();
      stopListening();
      reject(error);
      webSocket.terminate();
    };
    const leftMs = Math.max(1, timeoutMs - (clock.now() - startedAtMs));
    const timer = clock.after(leftMs, () => give(createTimeoutError(place, { timeoutMs })), { keepAlive: true });
    let stopListening: () => void = () => undefined;
    stopListening = onAbort(options.signal, (reason) => give(createCanceledError(place, reason)));
    webSocket.on('unexpected-response', (_request, response) => {
      give(
        new OpsError({
          code: 'TRANSPORT_UPGRADE_REFUSED',
          message: `The server answered ${response.statusCode} instead of opening a WebSocket (${origin.text})`,
          details: { ...place, sent: true, status: response.statusCode, statusText: response.statusMessage?.slice(0, 200) },
        }),
      );
    });
    webSocket.once('error', (error) => give(toTransportError(error, place)));
    webSocket.once('open', () => {
      timer.cancel();
      stopListening();
      resolve();
    });
  });
  return link;
}

function createLink(webSocket: WebSocket): WebSocketLink {
  const queue: (string | Uint8Array)[] = [];
  let wake: (() => void) | undefined;
  let isClosed = false;
  let isLeaving = false;
  const closed = new Promise<WebSocketClosing>((resolve) => {
    webSocket.once('close', (code, reason) => {
      isClosed = true;
      wake?.();
      resolve({ code, reason: reason.toString() });
    });
  });
  // `close` follows every error and carries its code; without a listener an error would end the process.
  webSocket.on('error', () => undefined);
  webSocket.on('message', (data, isBinary) => {
    if (isLeaving) return;
    queue.push(isBinary ? toBytes(data) : toBytes(data).toString());
    if (queue.length >= HIGH_WATER_MESSAGES) webSocket.pause();
    wake?.();
  });
  async function* read(): AsyncGenerator<string | Uint8Array> {
    for (;;) {
      const message = queue.shift();
      if (message !== undefined) {
        if (webSocket.isPaused && queue.length < HIGH_WATER_MESSAGES / 2) webSocket.resume();
        yield message;
      } else if (isClosed) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  }
  return {
    get protocol() {
      return webSocket.protocol;
    },
    messages: read(),
    closed,
    send: (data) =>
      new Promise((resolve, reject) => {
        webSocket.send(data, (error) => {
          if (error === undefined || error === null) resolve();
          else reject(new OpsError({ code: 'TRANSPORT_CLOSED', message: 'The WebSocket is closed', cause: error }));
        });
      }),
    close: (closing = { code: 1000, reason: '' }) => {
      isLeaving = true;
      // A paused socket would never see the peer's answer to the closing handshake.
      if (webSocket.isPaused) webSocket.resume();
      webSocket.close(closing.code, closing.reason);
      return closed;
    },
    terminate: () => webSocket.terminate(),
  };
}

function toBytes(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}
