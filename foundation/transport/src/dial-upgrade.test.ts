import { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { ManualClock } from '@breakwater/kernel';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { computeWebSocketAccept, type DialUpgradeOptions, dialUpgrade, type UpgradedSocket } from './dial-upgrade.ts';
import { failureOf, failureWithin } from './testing/failure-of.ts';
import {
  fingerprint,
  type LoopbackServer,
  type LoopbackServerOptions,
  openLoopbackServer,
  readFixture,
} from './testing/loopback-server.ts';

async function serve(options: LoopbackServerOptions): Promise<LoopbackServer> {
  const server = await openLoopbackServer(options);
  onTestFinished(server.close);
  return server;
}

async function dial(server: LoopbackServer, options: Partial<DialUpgradeOptions> = {}): Promise<UpgradedSocket> {
  const upgraded = await dialUpgrade({
    host: '127.0.0.1',
    port: server.port,
    path: '/ticket/abc',
    protocol: 'binary',
    trust: { kind: 'sha256', fingerprint: fingerprint('first') },
    ...options,
  });
  onTestFinished(() => void upgraded.socket.destroy());
  return upgraded;
}

/** Answers the first request on the socket with what `answer` makes of its headers. */
const answerUpgrade =
  (answer: (headers: Map<string, string>, socket: Socket) => string | Buffer) =>
  (socket: Socket): void => {
    socket.once('data', (request: Buffer) => {
      const lines = request.toString('latin1').split('\r\n').slice(1);
      const headers = new Map(lines.map((line) => [line.split(':')[0]?.toLowerCase() ?? '', line.slice(line.indexOf(':') + 1).trim()]));
      socket.write(answer(headers, socket));
    });
  };

const accept = (headers: Map<string, string>, more = ''): string =>
  `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${computeWebSocketAccept(headers.get('sec-websocket-key') ?? '')}\r\n${more}\r\n`;

test('hands over the socket, the bytes that came along and the protocol', async () => {
  const server = await serve({
    certificate: 'first',
    onSocket: answerUpgrade((headers) => `${accept(headers, 'Sec-WebSocket-Protocol: binary\r\n')}RFB!`),
  });
  const upgraded = await dial(server);
  expect(upgraded.protocol).toBe('binary');
  expect(upgraded.responseHeaders['upgrade']).toBe('websocket');
  const seen: Buffer[] = [upgraded.head];
  if (upgraded.head.length < 4) seen.push(...((await upgraded.socket.take(1).toArray()) as Buffer[]));
  expect(Buffer.concat(seen).toString()).toBe('RFB!');
});

test('opens a server of the ws package without any extension', async () => {
  const webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: true, handleProtocols: () => 'binary' });
  const { createServer } = await import('node:https');
  const https = createServer({ key: readFixture('first.key'), cert: readFixture('first.crt') });
  https.on('upgrade', (request, socket, head) => {
    webSockets.handleUpgrade(request, socket, head, (webSocket) => webSocket.send('hello'));
  });
  await new Promise<void>((resolve) => https.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void https.close());
  const { port } = https.address() as { port: number };
  const upgraded = await dialUpgrade({
    host: '127.0.0.1',
    port,
    path: '/',
    protocol: 'binary',
    trust: { kind: 'sha1', fingerprint: new X509Certificate(readFixture('first.crt')).fingerprint.toLowerCase().replaceAll(':', '') },
  });
  const bytes = upgraded.head.length > 0 ? upgraded.head : ((await upgraded.socket.take(1).toArray()) as Buffer[])[0];
  // One unmasked, uncompressed text frame.
  expect(bytes).toEqual(Buffer.concat([Buffer.from([0x81, 5]), Buffer.from('hello')]));
  upgraded.socket.destroy();
});

test('passes the key of the browser on', async () => {
  const key = 'dGhlIHNhbXBsZSBub25jZQ==';
  let seen: string | undefined;
  const server = await serve({
    certificate: 'first',
    onSocket: answerUpgrade((headers) => {
      seen = headers.get('sec-websocket-key');
      return accept(headers);
    }),
  });
  const { responseHeaders, protocol } = await dial(server, { headers: { 'sec-websocket-key': key } });
  expect(seen).toBe(key);
  expect(responseHeaders['sec-websocket-accept']).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  expect(protocol).toBe('');
});

describe('trust', () => {
  test.each([
    ['sha256', { kind: 'sha256', fingerprint: fingerprint('second') }],
    ['sha1', { kind: 'sha1', fingerprint: new X509Certificate(readFixture('second.crt')).fingerprint }],
  ] as const)('a wrong %s pin stops before the ticket is sent', async (_name, trust) => {
    const server = await serve({ certificate: 'first', onSocket: answerUpgrade((headers) => accept(headers)) });
    const failure = await failureOf(dial(server, { trust }));
    await server.idle();
    expect(failure.code).toBe('TRANSPORT_CERTIFICATE_CHANGED');
    expect(server.received()).toBe(0);
  });

  test("an authority can vouch, and the machine's own do not know a test certificate", async () => {
    const server = await serve({ certificate: 'signed', onSocket: answerUpgrade((headers) => accept(headers)) });
    await dial(server, { trust: { kind: 'ca', pem: readFixture('authority.crt') } });
    expect((await failureOf(dial(server, { trust: { kind: 'ca' } }))).code).toBe('TRANSPORT_CERTIFICATE_UNTRUSTED');
  });

  test('a plain door is only opened on this machine', async () => {
    const server = await serve({ onSocket: answerUpgrade((headers) => accept(headers)) });
    await dial(server, { trust: { kind: 'plain' } });
    expect((await failureOf(dial(server, { trust: { kind: 'plain' }, host: '192.0.2.1' }))).code).toBe('TRANSPORT_PLAIN_HTTP_REFUSED');
  });

  test('a fingerprint that is none is refused before dialing', async () => {
    const server = await serve({ certificate: 'first', onSocket: () => undefined });
    const failure = await failureOf(dial(server, { trust: { kind: 'sha256', fingerprint: '' } }));
    expect(failure.code).toBe('TRANSPORT_FINGERPRINT_INVALID');
    expect(server.connections()).toBe(0);
  });
});

describe('a door that does not open', () => {
  test.each([
    ['a refusal', () => 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n', 'TRANSPORT_UPGRADE_REFUSED'],
    ['a wrong proof', () => accept(new Map([['sec-websocket-key', 'other']])), 'TRANSPORT_UPGRADE_INVALID'],
    [
      'extensions',
      (headers: Map<string, string>) => accept(headers, 'Sec-WebSocket-Extensions: permessage-deflate\r\n'),
      'TRANSPORT_UPGRADE_INVALID',
    ],
    [
      'another protocol',
      (headers: Map<string, string>) => accept(headers, 'Sec-WebSocket-Protocol: base64\r\n'),
      'TRANSPORT_UPGRADE_INVALID',
    ],
    [
      'another upgrade',
      () => 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n',
      'TRANSPORT_UPGRADE_INVALID',
    ],
    ['endless headers', () => `HTTP/1.1 101 Switching Protocols\r\n${'x: y\r\n'.repeat(20_000)}`, 'TRANSPORT_HEADERS_TOO_LARGE'],
    ['no HTTP', () => 'RFB 003.008\n\r\n\r\n', 'TRANSPORT_PROTOCOL_ERROR'],
  ] as const)('%s is told without the ticket', async (_name, answer, code) => {
    const server = await serve({ certificate: 'first', onSocket: answerUpgrade((headers) => answer(headers)) });
    const failure = await failureOf(dial(server));
    await server.idle();
    expect(failure.code).toBe(code);
    expect(JSON.stringify([failure.message, failure.details, failure.stack])).not.toContain('ticket');
  });

  test('a server that hangs up is TRANSPORT_RESET', async () => {
    const server = await serve({ certificate: 'first', onSocket: (socket) => socket.once('data', () => socket.destroy()) });
    expect((await failureOf(dial(server))).code).toBe('TRANSPORT_RESET');
  });

  test('a server that says nothing runs into the time limit', async () => {
    const server = await serve({ certificate: 'first', onSocket: () => undefined });
    const clock = new ManualClock();
    const failure = await failureWithin(clock, { stepMs: 1_000, promise: dial(server, { clock, timeoutMs: 4_000 }) });
    expect(failure).toMatchObject({ code: 'TRANSPORT_TIMEOUT', details: { phase: 'first-byte' } });
    await server.idle();
    expect(clock.pendingCount).toBe(0);
  });

  test('a signal ends the wait and closes the socket', async () => {
    const controller = new AbortController();
    const server = await serve({ certificate: 'first', onSocket: (socket) => socket.once('data', () => controller.abort()) });
    expect((await failureOf(dial(server, { signal: controller.signal }))).code).toBe('TRANSPORT_CANCELED');
    await server.idle();
  });
});
