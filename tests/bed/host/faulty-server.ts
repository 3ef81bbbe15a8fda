import { randomBytes } from 'node:crypto';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Fault, FaultRule } from './fault.ts';

export interface BedRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface BedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** The good answer; `fault` is told because some faults concern the content itself. */
export type Answering = (request: BedRequest, fault: Fault | null) => BedAnswer | Promise<BedAnswer>;

export interface FaultyServerOptions {
  readonly answer: Answering;
  /** Default 127.0.0.1. apt remembers dead hosts by name without port: give the dead mirror 127.0.0.2. */
  readonly host?: string;
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
}

export interface FaultyServer {
  /** Without a slash at the end. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly requests: readonly SeenRequest[];
  /** Bytes of bodies that were handed to sockets. */
  sentBytes(): number;
  /** The rules that stand first are tried first. */
  inject(...rules: readonly FaultRule[]): void;
  /** Takes all faults back. */
  heal(): void;
  stop(): Promise<void>;
}

// Without a line feed: git takes the page for a list of no branches then, and its clone of nothing ends with 0.
const PORTAL_PAGE = '<!DOCTYPE html><html><head><title>Welcome to our WLAN</title></head><body><form>Please sign in</form></body></html>';

export async function startFaultyServer(options: FaultyServerOptions): Promise<FaultyServer> {
  const host = options.host ?? '127.0.0.1';
  const sockets = new Set<Socket>();
  const timers = new Set<NodeJS.Timeout>();
  const requests: SeenRequest[] = [];
  let rules: { readonly rule: FaultRule; left: number }[] = [];
  let sentBytes = 0;

  const takeFault = (path: string): Fault | null => {
    const found = rules.find(({ left, rule }) => left > 0 && (rule.match === undefined || rule.match.test(path)));
    if (found === undefined) return null;
    found.left--;
    return found.rule.fault;
  };
  const send = (response: ServerResponse, bytes: Uint8Array): void => {
    sentBytes += bytes.length;
    response.write(bytes);
  };
  const drip = (response: ServerResponse, body: Buffer, bytesPerSecond: number): void => {
    let offset = 0;
    const step = Math.max(1, Math.floor(bytesPerSecond / 10));
    const timer = setInterval(() => {
      send(response, body.subarray(offset, offset + step));
      offset += step;
      if (offset < body.length && !response.destroyed) return;
      clearInterval(timer);
      timers.delete(timer);
      response.end();
    }, 100);
    timers.add(timer);
  };
  const respond = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = incoming.url ?? '/';
    const method = incoming.method ?? 'GET';
    requests.push({ method, path, headers: incoming.headers });
    const fault = takeFault(path);
    const socket = incoming.socket;
    if (fault?.kind === 'stall') return;
    if (fault?.kind === 'reset' && fault.afterBytes === undefined) {
      socket.resetAndDestroy();
      return;
    }
    if (fault?.kind === 'close') {
      socket.end();
      return;
    }
    if (fault?.kind === 'garbage') {
      socket.end(randomBytes(512));
      return;
    }
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    const good = await options.answer({ method, path, headers: incoming.headers, body: Buffer.concat(parts) }, fault);
    const { body, headers, status } = replaceAnswer(good, { fault, path });
    const isHead = method === 'HEAD';
    const isChunked = fault?.kind === 'truncate' && fault.framing === 'chunked';
    response.writeHead(status, isChunked ? { ...headers } : { ...headers, 'content-length': String(body.length) });
    if (isHead) {
      response.end();
      return;
    }
    // The headers leave even when no byte of the body follows.
    response.flushHeaders();
    if (fault?.kind === 'mid-stall') {
      send(response, body.subarray(0, fault.afterBytes));
    } else if (fault?.kind === 'reset' || fault?.kind === 'truncate') {
      send(response, body.subarray(0, fault.afterBytes));
      // What was written must arrive first: an RST throws away what the peer has not read.
      const timer = setTimeout(() => {
        timers.delete(timer);
        if (fault.kind === 'reset') socket.resetAndDestroy();
        else socket.destroy();
      }, 50);
      timers.add(timer);
    } else if (fault?.kind === 'drip') {
      drip(response, body, fault.bytesPerSecond);
    } else {
      sentBytes += body.length;
      response.end(body);
    }
  };
  const onRequest = (incoming: IncomingMessage, response: ServerResponse): void => {
    incoming.on('error', () => undefined);
    response.on('error', () => undefined);
    respond(incoming, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' });
      response.end(String(error));
    });
  };
  const server = options.tls === undefined ? createHttpServer(onRequest) : createHttpsServer(options.tls, onRequest);
  const onSocket = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  };
  server.on('connection', onSocket);
  server.on('clientError', (_error, socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://${host}:${port}`,
    host,
    port,
    requests,
    sentBytes: () => sentBytes,
    inject: (...more) => {
      rules.push(...more.map((rule) => ({ rule, left: rule.times ?? Number.POSITIVE_INFINITY })));
    },
    heal: () => {
      rules = [];
    },
    stop: () =>
      new Promise((resolve) => {
        for (const timer of timers) clearInterval(timer);
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function replaceAnswer(good: BedAnswer, { fault, path }: { readonly fault: Fault | null; readonly path: string }): BedAnswer {
  switch (fault?.kind) {
    case 'status':
      return {
        status: fault.status,
        headers: { 'content-type': 'text/plain', ...fault.headers },
        body: Buffer.from(fault.body ?? `status ${fault.status}\n`),
      };
    case 'redirect':
      return { status: 302, headers: { location: fault.to }, body: Buffer.alloc(0) };
    case 'redirect-loop':
      return { status: 302, headers: { location: path }, body: Buffer.alloc(0) };
    case 'captive-portal':
      return { status: 200, headers: { 'content-type': 'text/html' }, body: Buffer.from(PORTAL_PAGE) };
    case 'corrupt': {
      const body = Buffer.from(good.body);
      const at = Math.min(fault.atByte, body.length - 1);
      if (at >= 0) body[at] = (body[at] ?? 0) ^ 0xff;
      return { ...good, body };
    }
    // These befall the connection, not the answer.
    case 'changing-etag':
    case 'close':
    case 'drip':
    case 'garbage':
    case 'mid-stall':
    case 'no-range':
    case 'reset':
    case 'stall':
    case 'truncate':
    case 'wrong-range':
    case undefined:
      return good;
  }
}
