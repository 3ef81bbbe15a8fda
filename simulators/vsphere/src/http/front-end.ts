import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { FOLDER_PATH, SCREEN_PATH, SDK_PATH, SERVICE_VERSIONS_PATH } from '@breakwater/vsphere/schema';
import type { Counters } from '../counters.ts';
import { delay, type FaultEffect, type FaultRules } from '../fault-rules.ts';
import type { TicketDoor } from '../rfb/ticket-door.ts';
import type { ServerState } from '../server-state.ts';
import type { ServerCertificate } from '../tls/create-certificate.ts';
import { answerFolder, answerScreen, readSessionCookie } from './file-doors.ts';
import { prepareReply, type Reply, sendReply } from './reply.ts';
import { RequestBucket } from './request-bucket.ts';
import { answerSdk, answerVersions } from './sdk-door.ts';

const MAX_BODY_BYTES = 4_194_304;

/** The reason phrase of a front end whose service does not take connections. */
const ENDPOINT_REASON =
  'Service Unavailable (Failed to connect to endpoint: [N7Vmacore4Http20NamedPipeServiceSpecE:0x000000e1c2b3a4d0] _serverNamespace = /sdk action = Allow _pipeName =/var/run/vmware/proxy-sdk-tunnel)';
const UNAVAILABLE: Reply = { status: 503, reason: ENDPOINT_REASON };

const HTML_PAGE =
  '<!DOCTYPE html>\n<html><head><title>503 Service Unavailable</title></head><body><h1>The server is busy</h1><p>Please try again later.</p></body></html>\n';
const GARBAGE =
  '<?xml version="1.0"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><<>&&& \u0001 not xml';
const BOMB_LEVELS = 9;
const BOMB = `<?xml version="1.0"?>\n<!DOCTYPE lolz [<!ENTITY a0 "lol">${Array.from({ length: BOMB_LEVELS }, (_, level) => `<!ENTITY a${level + 1} "${`&a${level};`.repeat(10)}">`).join('')}]>\n<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><lol>&a${BOMB_LEVELS};</lol></soapenv:Body></soapenv:Envelope>`;

const NOT_FOUND: Reply = { status: 404, headers: { 'content-type': 'text/html' }, body: '<html><body>404 Not Found</body></html>' };

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly signal: AbortSignal;
  readonly onParked: () => void;
}

export interface FrontEndOptions {
  readonly server: ServerState;
  readonly counters: Counters;
  readonly faults: FaultRules;
  readonly tickets: TicketDoor;
  readonly host: string;
  readonly certificate: ServerCertificate;
}

/** The HTTPS listener: caps, faults, and the way to the doors. */
export class FrontEnd {
  readonly #options: FrontEndOptions;
  readonly #sockets = new Set<Socket>();
  readonly #bucket: RequestBucket;
  #certificate: ServerCertificate;
  #server: Server | undefined;
  #port = 0;

  constructor(options: FrontEndOptions) {
    this.#options = options;
    this.#bucket = new RequestBucket(options.server.clock);
    this.#certificate = options.certificate;
  }

  get port(): number {
    return this.#port;
  }

  get certificate(): ServerCertificate {
    return this.#certificate;
  }

  get isListening(): boolean {
    return this.#server !== undefined;
  }

  /** Listens on `port`, or again on the port it had. */
  async listen(port: number): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer({
      cert: this.#certificate.certificatePem,
      key: this.#certificate.keyPem,
      minVersion: 'TLSv1.2',
      keepAliveTimeout: 60_000,
    });
    server.on('connection', (socket: Socket) => this.#admit(socket));
    server.on('request', (request, response) => void this.#serve(request, response));
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => void this.#upgrade(request, socket, head));
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    this.#server = server;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', reject);
    server.listen({ port, host: this.#options.host }, resolve);
    await promise;
    this.#port = (server.address() as AddressInfo).port;
  }

  /** The whole host goes away: nothing listens, everything open is cut. */
  async close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    server.close(() => resolve());
    this.dropConnections();
    await promise;
  }

  dropConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Serves another certificate from now on; whoever is connected is cut, as by the restart that goes with it. */
  changeCertificate(certificate: ServerCertificate): void {
    this.#certificate = certificate;
    this.#server?.setSecureContext({ cert: certificate.certificatePem, key: certificate.keyPem, minVersion: 'TLSv1.2' });
    this.dropConnections();
  }

  #admit(socket: Socket): void {
    const { counters, server } = this.#options;
    const cap = server.limits.connectionCap;
    if (cap !== undefined && counters.openSockets >= cap) {
      counters.refuseSocket();
      // The connection is accepted and then reset while the client is shaking hands: no HTTP status ever reaches it.
      socket.on('error', () => undefined);
      socket.resetAndDestroy();
      return;
    }
    counters.openSocket();
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      counters.closeSocket();
      this.#sockets.delete(socket);
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { counters, server } = this.#options;
    const { capacity, requestsPerSecond } = server.limits;
    const isFull = capacity !== undefined && counters.active >= capacity;
    if (isFull || (requestsPerSecond !== undefined && !this.#bucket.take(requestsPerSecond))) {
      counters.refuse();
      request.resume();
      sendReply(UNAVAILABLE, { request, response });
      return;
    }
    counters.begin();
    let state: 'active' | 'parked' | 'ended' = 'active';
    const gone = new AbortController();
    const end = (): void => {
      gone.abort();
      if (state !== 'ended') counters.end(state);
      state = 'ended';
    };
    response.once('close', end);
    const onParked = (): void => {
      if (state !== 'active') return;
      state = 'parked';
      counters.park();
    };
    try {
      await this.#answer({ request, response, signal: gone.signal, onParked });
    } catch (error) {
      // A defect of the simulator: say so loudly instead of hanging.
      sendReply(
        {
          status: 500,
          headers: { 'content-type': 'text/plain' },
          body: `Simulator defect: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        },
        { request, response },
      );
    }
  }

  async #answer(exchange: Exchange): Promise<void> {
    const { request, signal } = exchange;
    const { server } = this.#options;
    const url = new URL(request.url ?? '/', 'https://host');
    if (url.pathname === SDK_PATH && request.method === 'POST') {
      await this.#answerSdk(exchange);
      return;
    }
    const doors: readonly { readonly name: string; readonly fits: boolean; readonly answer: () => Reply }[] = [
      { name: 'versions', fits: url.pathname === SERVICE_VERSIONS_PATH, answer: () => answerVersions(server.personality) },
      { name: 'screen', fits: url.pathname === SCREEN_PATH, answer: () => answerScreen(server, { request, url }) },
      { name: 'folder', fits: url.pathname.startsWith(`${FOLDER_PATH}/`), answer: () => answerFolder(server, { request, url }) },
    ];
    const door = doors.find((candidate) => candidate.fits);
    request.resume();
    const effects = await this.#meet([door?.name ?? 'other'], signal);
    this.#finish(door?.answer() ?? NOT_FOUND, { ...exchange, effects });
  }

  async #answerSdk(exchange: Exchange): Promise<void> {
    const { request, signal } = exchange;
    const body = await readBody(request);
    if (body === undefined) {
      sendReply({ status: 413 }, exchange);
      return;
    }
    const action = request.headers['soapaction'];
    const { reply, effects } = await answerSdk(this.#options.server, {
      body,
      soapAction: typeof action === 'string' ? action : undefined,
      cookie: readSessionCookie(request),
      signal,
      onParked: exchange.onParked,
      onNamed: (name) => this.#meet([name, 'sdk'], signal),
    });
    this.#finish(reply, { ...exchange, effects });
  }

  /** Counts the request and lets the faults in force delay it. */
  async #meet(names: readonly string[], signal: AbortSignal): Promise<readonly FaultEffect[]> {
    const { counters, faults, server } = this.#options;
    counters.name(names[0] ?? '');
    const effects = faults.take(names);
    await delay(server.clock, { delayMs: faults.delayOf(effects), signal });
    return effects;
  }

  #finish(
    reply: Reply,
    exchange: { readonly request: IncomingMessage; readonly response: ServerResponse; readonly effects: readonly FaultEffect[] },
  ): void {
    const { request, response } = exchange;
    const effect = exchange.effects.find((candidate) => candidate.kind !== 'latency' && candidate.kind !== 'soap-fault');
    switch (effect?.kind) {
      case undefined:
        sendReply(reply, exchange);
        return;
      case 'hang':
        return;
      case 'hang-mid-body': {
        const { headers, body } = prepareReply(reply, request);
        response.writeHead(reply.status, headers);
        response.write(body.subarray(0, Math.floor(body.length / 2)));
        return;
      }
      case 'reset':
        request.socket.destroy();
        return;
      case 'unavailable':
        sendReply(UNAVAILABLE, exchange);
        return;
      case 'html':
        sendReply({ status: 200, headers: { 'content-type': 'text/html' }, body: HTML_PAGE }, exchange);
        return;
      case 'garbage':
        sendReply({ ...reply, body: GARBAGE }, exchange);
        return;
      case 'entity-bomb':
        sendReply({ ...reply, body: BOMB }, exchange);
        return;
      case 'truncated': {
        const whole = reply.body ?? '';
        sendReply({ ...reply, body: whole.slice(0, Math.floor(whole.length / 2)) as string | Buffer }, exchange);
        return;
      }
    }
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const gone = new AbortController();
    socket.on('error', () => undefined);
    socket.once('close', () => gone.abort());
    const effects = await this.#meet(['ticket'], gone.signal);
    if (socket.destroyed || effects.some((effect) => effect.kind === 'hang')) return;
    if (effects.some((effect) => effect.kind !== 'latency')) socket.destroy();
    else this.#options.tickets.enter(request, socket, { head, at: 'server' });
  }
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
