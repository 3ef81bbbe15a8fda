import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Clock, isOpsError, ManualClock, OpsError, systemClock, toMoid, toServerId } from '@breakwater/kernel';
import { computeWebSocketAccept } from '@breakwater/transport';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { ConsoleSessions } from './console-sessions.ts';
import {
  type ConsoleNews,
  type ConsoleTarget,
  type ConsoleUpgradeHandler,
  type ConsoleUpgradeOptions,
  createConsoleUpgradeHandler,
} from './create-console-upgrade-handler.ts';

const REF = { serverId: toServerId('esxi-1'), moid: toMoid('12') };
const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function until(condition: () => boolean): Promise<void> {
  const givesUpAtMs = performance.now() + 4_500;
  while (!condition()) {
    if (performance.now() > givesUpAtMs) throw new Error('It did not come about.');
    await turn();
  }
}

async function listen(server: Server | ReturnType<typeof createTcpServer>): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  );
  return (server.address() as AddressInfo).port;
}

interface Host {
  readonly port: number;
  readonly peers: WebSocket[];
  readonly requests: IncomingMessage[];
}

/** A console's far end made of the ws package, which checks every frame it gets. */
async function openHost(onPeer: (peer: WebSocket) => void = () => undefined): Promise<Host> {
  const http = createServer();
  const webSockets = new WebSocketServer({ server: http, perMessageDeflate: true, handleProtocols: () => 'binary' });
  const host = { peers: [] as WebSocket[], requests: [] as IncomingMessage[] };
  webSockets.on('connection', (peer, request) => {
    host.peers.push(peer);
    host.requests.push(request);
    peer.on('error', () => undefined);
    onPeer(peer);
  });
  return { ...host, port: await listen(http) };
}

interface Portal {
  readonly port: number;
  readonly sessions: ConsoleSessions;
  readonly handler: ConsoleUpgradeHandler;
  readonly news: ConsoleNews[];
  readonly browserSockets: Socket[];
  readonly targets: ConsoleTarget[];
  request(path: string, options?: { readonly person?: string; readonly protocols?: string[] }): WebSocket;
  open(options?: { readonly viewOnly?: boolean; readonly protocols?: string[] }): Promise<WebSocket>;
}

async function openPortal(
  host: { readonly port: number },
  options: Partial<ConsoleUpgradeOptions> & { readonly maxPerPrincipal?: number } = {},
): Promise<Portal> {
  const clock: Clock = options.clock ?? systemClock;
  const sessions = new ConsoleSessions({ clock, unusedMs: 180_000, maxPerPrincipal: options.maxPerPrincipal ?? 100, maxPerServer: 100 });
  const news: ConsoleNews[] = [];
  const browserSockets: Socket[] = [];
  const handler = createConsoleUpgradeHandler({
    sessions,
    clock,
    authenticate: async (request) => {
      const person = /person=(\w+)/.exec(request.headers.cookie ?? '')?.[1];
      return person === undefined ? null : { id: person, may: () => true };
    },
    openConsole: async () => ({ host: '127.0.0.1', port: host.port, path: '/ticket/s3cret', protocol: 'binary', trust: { kind: 'plain' } }),
    checkTarget: () => undefined,
    refuse: refuseInWords,
    ticketTimeoutMs: 60_000,
    idleMs: 1_800_000,
    maxMs: 43_200_000,
    onNews: (item) => news.push(item),
    ...options,
  });
  const http = createServer();
  http.on('upgrade', (request, socket, head) => {
    browserSockets.push(socket as Socket);
    handler.handle(request, socket, head);
  });
  const port = await listen(http);
  cleanups.push(() => handler.close());
  const request: Portal['request'] = (path, { person = 'anna', protocols = ['binary'] } = {}) => {
    const browser = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, {
      perMessageDeflate: true,
      origin: 'https://portal.example',
      headers: { cookie: `person=${person}; session=secret` },
    });
    browser.on('error', () => undefined);
    cleanups.push(() => browser.terminate());
    return browser;
  };
  return {
    port,
    sessions,
    handler,
    news,
    browserSockets,
    targets: [],
    request,
    async open({ viewOnly = false, protocols = ['binary'] } = {}) {
      const { id } = sessions.create({ principalId: 'anna', ref: REF, viewOnly });
      const browser = request(`/proxy/${id}`, { protocols });
      await new Promise<void>((resolve, reject) => {
        browser.once('open', () => resolve());
        browser.once('error', reject);
      });
      return browser;
    },
  };
}

/** A refusal with the code as its body. */
function refuseInWords(socket: Duplex, error: unknown): void {
  socket.end(`HTTP/1.1 418 Refused\r\nconnection: close\r\n\r\n${isOpsError(error) ? error.code : String(error)}`);
}

/** The code with which an upgrade is refused, or `opened`. */
function outcomeOf(browser: WebSocket): Promise<string> {
  return new Promise((resolve) => {
    browser.once('open', () => resolve('opened'));
    browser.once('unexpected-response', (_request, response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve(body));
    });
    browser.once('error', (error) => resolve(error.message));
  });
}

const closingOf = (socket: WebSocket): Promise<{ readonly code: number; readonly reason: string }> =>
  new Promise((resolve) => socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() })));

const nextMessage = (socket: WebSocket): Promise<Buffer> =>
  new Promise((resolve) => socket.once('message', (data) => resolve(data as Buffer)));

describe('an open console', () => {
  test('carries bytes of every size both ways, unchanged', async () => {
    const host = await openHost((peer) => peer.on('message', (data) => peer.send(data)));
    const portal = await openPortal(host);
    const browser = await portal.open();
    for (const size of [0, 1, 125, 126, 65_535, 65_536, 1_000_000]) {
      const payload = Buffer.from(Uint8Array.from({ length: size }, (_value, index) => (index * 7) & 0xff));
      browser.send(payload);
      expect((await nextMessage(browser)).equals(payload)).toBe(true);
    }
  });

  test('shows the host the ticket and the key, and nothing of the person', async () => {
    const host = await openHost();
    const portal = await openPortal(host);
    const browser = await portal.open();
    const { url, headers } = host.requests[0] as IncomingMessage;
    expect(url).toBe('/ticket/s3cret');
    expect(Object.keys(headers).sort()).toEqual([
      'connection',
      'host',
      'sec-websocket-key',
      'sec-websocket-protocol',
      'sec-websocket-version',
      'upgrade',
    ]);
    expect(browser.protocol).toBe('binary');
    expect(browser.extensions).toBe('');
  });

  test('names no protocol to a browser that offers none', async () => {
    const portal = await openPortal(await openHost());
    expect((await portal.open({ protocols: [] })).protocol).toBe('');
  });

  test('delivers what the host says together with its answer', async () => {
    const tcp = createTcpServer((socket) => {
      socket.once('data', (request: Buffer) => {
        const key = /sec-websocket-key: (\S+)/i.exec(request.toString())?.[1] ?? '';
        const hello = Buffer.concat([Buffer.from([0x82, 12]), Buffer.from('RFB 003.008\n')]);
        const answer = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${computeWebSocketAccept(key)}\r\n\r\n`;
        socket.write(Buffer.concat([Buffer.from(answer), hello]));
      });
    });
    const portal = await openPortal({ port: await listen(tcp) });
    for (const protocols of [[], ['binary']]) {
      const { id } = portal.sessions.create({ principalId: 'anna', ref: REF, viewOnly: false });
      const browser = portal.request(`/proxy/${id}`, { protocols });
      expect((await nextMessage(browser)).toString()).toBe('RFB 003.008\n');
      expect(browser.protocol).toBe(protocols[0] ?? '');
    }
  });

  test('passes closings on in both directions, with their codes', async () => {
    const host = await openHost();
    const portal = await openPortal(host);
    const first = await portal.open();
    const firstPeer = host.peers[0] as WebSocket;
    const atHost = closingOf(firstPeer);
    first.close(4123, 'enough');
    expect(await atHost).toEqual({ code: 4123, reason: 'enough' });
    const second = await portal.open();
    const atBrowser = closingOf(second);
    host.peers[1]?.close(4321, 'machine off');
    expect(await atBrowser).toEqual({ code: 4321, reason: 'machine off' });
    await until(() => portal.handler.count() === 0);
    expect(portal.news.map((item) => (item.kind === 'closed' ? item.outcome.end : item.kind))).toEqual([
      'opened',
      'closed',
      'opened',
      'closed',
    ]);
  });

  test('takes the other leg down when one breaks, and gives its place back', async () => {
    const host = await openHost();
    // The clock stands still, so nothing here waits for a time limit to do it.
    const portal = await openPortal(host, { maxPerPrincipal: 1, clock: new ManualClock() });
    const first = await portal.open();
    const atHost = closingOf(host.peers[0] as WebSocket);
    first.terminate();
    expect((await atHost).code).toBe(1006);
    await until(() => portal.handler.count() === 0);
    const second = await portal.open();
    const atBrowser = closingOf(second);
    host.peers[1]?.terminate();
    expect((await atBrowser).code).toBe(1006);
    await until(() => portal.handler.count() === 0);
    expect(portal.browserSockets.every((socket) => socket.destroyed)).toBe(true);
    await portal.open();
  });

  test("takes the host's leg down at once when the browser's is reset", async () => {
    const host = await openHost();
    const portal = await openPortal(host, { clock: new ManualClock() });
    const { id } = portal.sessions.create({ principalId: 'anna', ref: REF, viewOnly: false });
    const browser = connect(portal.port, '127.0.0.1');
    browser.on('error', () => undefined);
    const head = ['Host: x', 'Connection: Upgrade', 'Upgrade: websocket', 'Cookie: person=anna', 'Sec-WebSocket-Version: 13'];
    browser.write(`GET /proxy/${id} HTTP/1.1\r\n${head.join('\r\n')}\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`);
    const answer = await new Promise<string>((resolve) => browser.once('data', (data: Buffer) => resolve(data.toString())));
    expect(answer).toContain('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
    browser.resetAndDestroy();
    await until(() => portal.handler.count() === 0);
    expect(portal.news[1]).toMatchObject({ kind: 'closed', outcome: { end: 'broken' } });
    await until(() => host.peers[0]?.readyState === WebSocket.CLOSED);
  });

  test('tells the audit who, what, how long and how much', async () => {
    const host = await openHost((peer) => peer.on('message', () => peer.send(Buffer.alloc(1_000))));
    const portal = await openPortal(host);
    const browser = await portal.open();
    browser.send(Buffer.alloc(100));
    await nextMessage(browser);
    browser.close();
    await until(() => portal.news.length === 2);
    const closed = portal.news[1];
    expect(closed).toMatchObject({
      kind: 'closed',
      session: { principalId: 'anna', ref: REF, viewOnly: false },
      outcome: { end: 'closed' },
    });
    // Payload and frame heads: 100 + 6 and a close of 6; 1,000 + 4 and a close of 4; on top, the answer to the upgrade.
    const { fromBrowserBytes, toBrowserBytes } = (closed as Extract<ConsoleNews, { kind: 'closed' }>).outcome;
    expect(fromBrowserBytes).toBeGreaterThanOrEqual(106);
    expect(fromBrowserBytes).toBeLessThan(130);
    expect(toBrowserBytes).toBeGreaterThanOrEqual(1_004);
    expect(toBrowserBytes).toBeLessThan(1_030);
  });

  test('holds little for a browser that does not read, and makes the host wait', async () => {
    const total = 100_000_000;
    const host = await openHost((peer) => {
      for (let sent = 0; sent < total; sent += 1_000_000) peer.send(Buffer.alloc(1_000_000));
    });
    const portal = await openPortal(host);
    const browser = await portal.open();
    browser.pause();
    for (let count = 0; count < 500; count++) await turn();
    const socket = portal.browserSockets[0] as Socket;
    expect(socket.writableLength).toBeLessThan(1_000_000);
    expect(host.peers[0]?.bufferedAmount).toBeGreaterThan(50_000_000);
    let received = 0;
    browser.on('message', (data) => {
      received += (data as Buffer).length;
    });
    browser.resume();
    await until(() => received === total);
  });

  test('holds little for a host that does not read', async () => {
    const host = await openHost((peer) => peer.pause());
    const portal = await openPortal(host);
    const browser = await portal.open();
    for (let sent = 0; sent < 100; sent++) browser.send(Buffer.alloc(1_000_000));
    for (let count = 0; count < 500; count++) await turn();
    expect(portal.browserSockets[0]?.readableLength).toBeLessThan(1_000_000);
    expect(browser.bufferedAmount).toBeGreaterThan(50_000_000);
    host.peers[0]?.terminate();
  });
});

describe('limits', () => {
  test('end a console whose browser is silent, and only that', async () => {
    const clock = new ManualClock();
    const host = await openHost((peer) => peer.on('message', (data) => peer.send(data)));
    const portal = await openPortal(host, { clock, idleMs: 10_000 });
    const silent = await portal.open();
    const busy = await portal.open();
    const closing = closingOf(silent);
    for (let step = 0; step < 12; step++) {
      busy.send('still here');
      await nextMessage(busy);
      await clock.advance(1_000);
    }
    expect(await closing).toEqual({ code: 4001, reason: 'idle' });
    expect(busy.readyState).toBe(WebSocket.OPEN);
    expect(portal.handler.count()).toBe(1);
  });

  test('end a console that is open too long, busy or not', async () => {
    const clock = new ManualClock();
    const host = await openHost();
    const portal = await openPortal(host, { clock, maxMs: 10_000, idleMs: 5_000_000 });
    const browser = await portal.open();
    const closing = closingOf(browser);
    const atHost = closingOf(host.peers[0] as WebSocket);
    await clock.advance(10_000);
    expect(await closing).toEqual({ code: 4002, reason: 'too-long' });
    await atHost;
    await until(() => portal.handler.count() === 0);
    expect(clock.pendingCount).toBe(0);
  });

  test('end a console whose host stopped reading before its browser left', async () => {
    const clock = new ManualClock();
    const host = await openHost((peer) => peer.pause());
    const portal = await openPortal(host, { clock, idleMs: 10_000 });
    const browser = await portal.open();
    for (let sent = 0; sent < 50; sent++) browser.send(Buffer.alloc(1_000_000));
    for (let count = 0; count < 200; count++) await turn();
    browser.terminate();
    for (let step = 0; step < 14; step++) {
      for (let count = 0; count < 20; count++) await turn();
      await clock.advance(1_000);
    }
    await until(() => portal.handler.count() === 0);
    expect(portal.browserSockets[0]?.destroyed).toBe(true);
  });
});

describe('a refusal', () => {
  test('of a session that does not exist, of a stranger, of somebody else and of a second use', async () => {
    const portal = await openPortal(await openHost());
    const { id } = portal.sessions.create({ principalId: 'anna', ref: REF, viewOnly: false });
    expect(await outcomeOf(portal.request(`/proxy/${'x'.repeat(32)}`))).toBe('PORTAL_CONSOLE_UNKNOWN');
    expect(await outcomeOf(portal.request('/proxy/../etc/passwd'))).toBe('PORTAL_NOT_FOUND');
    expect(await outcomeOf(portal.request(`/proxy/${id}`, { person: '' }))).toBe('PORTAL_SIGN_IN_REQUIRED');
    expect(await outcomeOf(portal.request(`/proxy/${id}`, { person: 'boris' }))).toBe('PORTAL_FORBIDDEN');
    expect(await outcomeOf(portal.request(`/proxy/${id}`))).toBe('opened');
    expect(await outcomeOf(portal.request(`/proxy/${id}`))).toBe('PORTAL_CONSOLE_IN_USE');
    expect(portal.news.map(({ kind }) => kind)).toEqual(['opened']);
  });

  test('of a session whose owner has lost the right since asking for it, and it is used up', async () => {
    const rights = new Set(['read', 'operate']);
    const portal = await openPortal(await openHost(), {
      authenticate: async () => ({ id: 'anna', may: (permission) => rights.has(permission) }),
    });
    const { id } = portal.sessions.create({ principalId: 'anna', ref: REF, viewOnly: false });
    const looking = portal.sessions.create({ principalId: 'anna', ref: REF, viewOnly: true });
    rights.delete('operate');
    expect(await outcomeOf(portal.request(`/proxy/${id}`))).toBe('PORTAL_FORBIDDEN');
    expect(await outcomeOf(portal.request(`/proxy/${looking.id}`))).toBe('opened');
    rights.add('operate');
    expect(await outcomeOf(portal.request(`/proxy/${id}`))).toBe('PORTAL_CONSOLE_UNKNOWN');
  });

  test('of an origin that is not ours comes before everything else', async () => {
    let authenticated = 0;
    const portal = await openPortal(await openHost(), {
      guard: () => {
        throw new OpsError({ code: 'PORTAL_ORIGIN_REFUSED', message: 'no' });
      },
      authenticate: async () => {
        authenticated++;
        return { id: 'anna', may: () => true };
      },
    });
    const { id } = portal.sessions.create({ principalId: 'anna', ref: REF, viewOnly: false });
    expect(await outcomeOf(portal.request(`/proxy/${id}`))).toBe('PORTAL_ORIGIN_REFUSED');
    expect(authenticated).toBe(0);
    expect(portal.sessions.take(id, 'anna').id).toBe(id);
  });

  test('when all places are taken leaves the session for later', async () => {
    const portal = await openPortal(await openHost(), { maxPerPrincipal: 1 });
    const waiting = portal.sessions.create({ principalId: 'anna', ref: REF, viewOnly: false });
    const first = await portal.open();
    expect(await outcomeOf(portal.request(`/proxy/${waiting.id}`))).toBe('PORTAL_CONSOLE_LIMIT');
    first.close();
    await until(() => portal.handler.count() === 0);
    expect(await outcomeOf(portal.request(`/proxy/${waiting.id}`))).toBe('opened');
  });

  test.each([
    [
      'the ticket is refused',
      'RESILIENCE_CIRCUIT_OPEN',
      { openConsole: () => Promise.reject(new OpsError({ code: 'RESILIENCE_CIRCUIT_OPEN', message: '' })) },
    ],
    [
      'the ticket leads elsewhere',
      'FLEET_CONSOLE_TARGET_REFUSED',
      {
        checkTarget: () => {
          throw new OpsError({ code: 'FLEET_CONSOLE_TARGET_REFUSED', message: '' });
        },
      },
    ],
  ] as const)('is told and reported when %s', async (_name, code, options) => {
    const host = await openHost();
    const portal = await openPortal(host, options);
    const { id } = portal.sessions.create({ principalId: 'anna', ref: REF, viewOnly: false });
    expect(await outcomeOf(portal.request(`/proxy/${id}`))).toBe(code);
    expect(portal.news).toMatchObject([{ kind: 'failed', error: { code } }]);
    expect(host.requests).toHaveLength(0);
    expect(await outcomeOf(portal.request(`/proxy/${id}`))).toBe('PORTAL_CONSOLE_UNKNOWN');
  });

  test('is told when the host is not there or does not open', async () => {
    const refusing = createServer((_request, response) => response.writeHead(503).end());
    refusing.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n'));
    const portal = await openPortal({ port: await listen(refusing) });
    const { id } = portal.sessions.create({ principalId: 'anna', ref: REF, viewOnly: false });
    expect(await outcomeOf(portal.request(`/proxy/${id}`))).toBe('TRANSPORT_UPGRADE_REFUSED');
    const gone = await openPortal({ port: 1 });
    const other = gone.sessions.create({ principalId: 'anna', ref: REF, viewOnly: false });
    expect(await outcomeOf(gone.request(`/proxy/${other.id}`))).toBe('TRANSPORT_REFUSED');
  });

  test('ends the wait for a ticket that does not come', async () => {
    const clock = new ManualClock();
    let signal: AbortSignal | undefined;
    const portal = await openPortal(await openHost(), {
      clock,
      ticketTimeoutMs: 60_000,
      openConsole: (_ref, options) => {
        signal = options.signal;
        return new Promise((_resolve, reject) => options.signal.addEventListener('abort', () => reject(options.signal.reason)));
      },
    });
    const { id } = portal.sessions.create({ principalId: 'anna', ref: REF, viewOnly: false });
    const outcome = outcomeOf(portal.request(`/proxy/${id}`));
    await until(() => signal !== undefined);
    await clock.advance(60_000);
    expect(await outcome).toBe('PORTAL_CONSOLE_TIMEOUT');
    expect(clock.pendingCount).toBe(0);
  });

  test('of what is no WebSocket', async () => {
    const portal = await openPortal(await openHost());
    const { id } = portal.sessions.create({ principalId: 'anna', ref: REF, viewOnly: false });
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(portal.port, '127.0.0.1', () => {
        socket.write(`GET /proxy/${id} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n`);
      });
      socket.once('data', (data: Buffer) => {
        resolve(data.toString());
        socket.destroy();
      });
    });
    expect(answer).toContain('PORTAL_REQUEST_INVALID');
  });

  test('is not even needed when the browser leaves while its ticket is taken', async () => {
    let signal: AbortSignal | undefined;
    const portal = await openPortal(await openHost(), {
      openConsole: (_ref, options) => {
        signal = options.signal;
        return new Promise((_resolve, reject) => options.signal.addEventListener('abort', () => reject(options.signal.reason)));
      },
    });
    const { id } = portal.sessions.create({ principalId: 'anna', ref: REF, viewOnly: false });
    portal.request(`/proxy/${id}`);
    await until(() => signal !== undefined);
    (portal.browserSockets[0] as Socket).destroy();
    await until(() => portal.news.length === 1);
    expect(portal.news[0]).toMatchObject({ kind: 'failed', error: { code: 'PORTAL_CONSOLE_LEFT' } });
  });

  test('does not fall over a browser that resets the connection', async () => {
    const portal = await openPortal(await openHost());
    for (let count = 0; count < 20; count++) {
      const socket = connect(portal.port, '127.0.0.1');
      socket.on('error', () => undefined);
      await new Promise<void>((resolve) => socket.once('connect', resolve));
      socket.write(`GET /proxy/${'x'.repeat(32)} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
      await turn();
      socket.resetAndDestroy();
    }
    await until(() => portal.browserSockets.length > 0 && portal.browserSockets.every((socket) => socket.destroyed));
    expect(await outcomeOf(portal.request(`/proxy/${'x'.repeat(32)}`))).toBe('PORTAL_CONSOLE_UNKNOWN');
  });
});

describe('a view-only console', () => {
  const handshake = Buffer.concat([Buffer.from('RFB 003.008\n'), Buffer.from([1, 1])]);
  const key = Buffer.from([4, 1, 0, 0, 0, 0, 0xff, 0x0d]);
  const updateRequest = Buffer.from([3, 1, 0, 0, 0, 0, 4, 0, 3, 0]);

  test('keeps keys from the host and lets the picture through', async () => {
    const arrived: Buffer[] = [];
    const host = await openHost((peer) => {
      peer.on('message', (data) => {
        arrived.push(data as Buffer);
        peer.send(Buffer.from('picture'));
      });
    });
    const portal = await openPortal(host);
    const browser = await portal.open({ viewOnly: true });
    browser.send(Buffer.concat([handshake, key]));
    expect((await nextMessage(browser)).toString()).toBe('picture');
    browser.send(key);
    browser.send(Buffer.concat([key, updateRequest.subarray(0, 4)]));
    browser.send(updateRequest.subarray(4));
    await nextMessage(browser);
    expect(Buffer.concat(arrived)).toEqual(Buffer.concat([handshake, updateRequest]));
    browser.close(1000);
    expect(await closingOf(browser)).toMatchObject({ code: 1000 });
  });

  test('ends with a reason when the browser tries something unknown', async () => {
    const host = await openHost();
    const portal = await openPortal(host);
    const browser = await portal.open({ viewOnly: true });
    browser.send(Buffer.concat([handshake, Buffer.from([77])]));
    expect(await closingOf(browser)).toEqual({ code: 1008, reason: 'refused' });
    await until(() => portal.news.length === 2);
    expect(portal.news[1]).toMatchObject({ kind: 'closed', outcome: { end: 'refused' } });
  });

  test('holds little for a host that does not read', async () => {
    const host = await openHost((peer) => peer.pause());
    const portal = await openPortal(host);
    const browser = await portal.open({ viewOnly: true });
    browser.send(handshake);
    const many = Buffer.concat(Array.from({ length: 100_000 }, () => updateRequest));
    for (let sent = 0; sent < 60; sent++) browser.send(many);
    for (let count = 0; count < 1_000; count++) await turn();
    expect(browser.bufferedAmount).toBeGreaterThan(20_000_000);
    host.peers[0]?.terminate();
  });
});

test('closing ends every console and every wait, and tells the browser why', async () => {
  const host = await openHost();
  const portal = await openPortal(host);
  const first = await portal.open();
  const closing = closingOf(first);
  await portal.handler.close();
  expect(await closing).toEqual({ code: 1001, reason: 'ended-here' });
  expect(portal.handler.count()).toBe(0);
  const { id } = portal.sessions.create({ principalId: 'anna', ref: REF, viewOnly: false });
  expect(await outcomeOf(portal.request(`/proxy/${id}`))).toBe('PORTAL_CLOSING');
});
