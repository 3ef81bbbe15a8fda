import { createServer } from 'node:https';
import { ManualClock } from '@breakwater/kernel';
import { expect, onTestFinished, test } from 'vitest';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import { type OpenWebSocketOptions, openWebSocket, type WebSocketLink } from './open-web-socket.ts';
import { failureOf, failureWithin } from './testing/failure-of.ts';
import { fingerprint, openLoopbackServer, readFixture } from './testing/loopback-server.ts';

async function serve(onPeer: (peer: WebSocket) => void, options: ServerOptions = {}): Promise<{ origin: string; offered: string[] }> {
  const https = createServer({ key: readFixture('first.key'), cert: readFixture('first.crt') });
  const webSockets = new WebSocketServer({ server: https, ...options });
  const offered: string[] = [];
  webSockets.on('connection', (peer, request) => {
    offered.push(request.headers['sec-websocket-extensions'] ?? '');
    peer.on('error', () => undefined);
    onPeer(peer);
  });
  await new Promise<void>((resolve) => https.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const peer of webSockets.clients) peer.terminate();
    https.close();
  });
  return { origin: `https://127.0.0.1:${(https.address() as { port: number }).port}`, offered };
}

async function open(origin: string, options: Partial<OpenWebSocketOptions> = {}): Promise<WebSocketLink> {
  const link = await openWebSocket({ origin, path: '/api', trust: { kind: 'pinned', sha256: fingerprint('first') }, ...options });
  onTestFinished(() => link.terminate());
  return link;
}

test('sends and receives text and bytes, without compression', async () => {
  const { origin, offered } = await serve((peer) => peer.on('message', (data, isBinary) => peer.send(data, { binary: isBinary })), {
    perMessageDeflate: true,
    handleProtocols: () => 'json',
  });
  const link = await open(origin, { protocols: ['json'] });
  await link.send('привет');
  await link.send(new Uint8Array([0, 255]));
  const messages = link.messages[Symbol.asyncIterator]();
  expect((await messages.next()).value).toBe('привет');
  expect(new Uint8Array((await messages.next()).value as Uint8Array)).toEqual(new Uint8Array([0, 255]));
  expect(link.protocol).toBe('json');
  expect(offered).toEqual(['']);
  await expect(link.close()).resolves.toEqual({ code: 1000, reason: '' });
  expect((await messages.next()).done).toBe(true);
});

test('does not run ahead of a reader that does not read', async () => {
  let peerSocket: WebSocket | undefined;
  const { origin } = await serve((peer) => {
    peerSocket = peer;
    for (let count = 0; count < 400; count++) peer.send(Buffer.alloc(100_000));
  });
  const link = await open(origin);
  for (let turn = 0; turn < 300; turn++) await new Promise((resolve) => setImmediate(resolve));
  // 40 MB were sent; what is neither queued here nor in the kernels waits at the peer.
  expect(peerSocket?.bufferedAmount).toBeGreaterThan(20_000_000);
  let received = 0;
  for await (const message of link.messages) {
    received += message.length;
    if (received === 40_000_000) break;
  }
  expect(received).toBe(40_000_000);
});

test('tells how the peer closed, and refuses to send afterwards', async () => {
  const { origin } = await serve((peer) => peer.close(4001, 'bye'));
  const link = await open(origin);
  await expect(link.closed).resolves.toEqual({ code: 4001, reason: 'bye' });
  expect((await failureOf(link.send('late'))).code).toBe('TRANSPORT_CLOSED');
});

test('closes on a message that is too large', async () => {
  const { origin } = await serve((peer) => peer.send(Buffer.alloc(2_000)));
  const link = await open(origin, { maxMessageBytes: 1_000 });
  await expect(link.closed).resolves.toMatchObject({ code: 1006 });
});

test('a wrong pin stops before one byte is sent', async () => {
  const server = await openLoopbackServer({ certificate: 'second', onSocket: () => undefined });
  onTestFinished(server.close);
  expect((await failureOf(open(server.origin))).code).toBe('TRANSPORT_CERTIFICATE_CHANGED');
  await server.idle();
  expect(server.received()).toBe(0);
});

test('a server without WebSockets, a silent one and a canceled wait are told apart', async () => {
  const refusing = await openLoopbackServer({ certificate: 'first', answer: (_request, response) => response.writeHead(404).end() });
  const silent = await openLoopbackServer({ certificate: 'first', onSocket: () => undefined });
  onTestFinished(refusing.close);
  onTestFinished(silent.close);
  expect(await failureOf(open(refusing.origin))).toMatchObject({ code: 'TRANSPORT_UPGRADE_REFUSED', details: { status: 404 } });
  const clock = new ManualClock();
  expect((await failureWithin(clock, { stepMs: 1_000, promise: open(silent.origin, { clock }) })).code).toBe('TRANSPORT_TIMEOUT');
  expect(clock.pendingCount).toBe(0);
  const controller = new AbortController();
  const waiting = failureOf(open(silent.origin, { signal: controller.signal }));
  while (silent.connections() < 2) await new Promise((resolve) => setImmediate(resolve));
  controller.abort();
  expect((await waiting).code).toBe('TRANSPORT_CANCELED');
});
