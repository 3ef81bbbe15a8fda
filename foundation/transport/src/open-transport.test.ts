import type { Socket } from 'node:net';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { isOpsError, ManualClock } from '@breakwater/kernel';
import { afterEach, describe, expect, test } from 'vitest';
import { type OpenTransportOptions, openTransport } from './open-transport.ts';
import { failureOf, failureWithin } from './testing/failure-of.ts';
import {
  fingerprint,
  type LoopbackServer,
  type LoopbackServerOptions,
  openLoopbackServer,
  readFixture,
} from './testing/loopback-server.ts';
import type { Transport, TransportRequest, TransportResponse } from './transport.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(options: LoopbackServerOptions): Promise<LoopbackServer> {
  const server = await openLoopbackServer(options);
  cleanups.push(server.close);
  return server;
}

function transportTo(server: LoopbackServer, options: Partial<OpenTransportOptions> = {}): Transport {
  const transport = openTransport({ origin: server.origin, trust: { kind: 'pinned', sha256: fingerprint('first') }, ...options });
  cleanups.push(() => transport.close());
  return transport;
}

const get = (path: string, options: Partial<TransportRequest> = {}): TransportRequest => ({
  method: 'GET',
  path,
  operation: `GET ${path}`,
  priority: 'normal',
  idempotent: true,
  ...options,
});

const readText = (response: TransportResponse): Promise<string> => response.text();

/** Writes a raw HTTP answer once the request has arrived. */
const answerRaw =
  (answer: (socket: Socket) => void) =>
  (socket: Socket): void => {
    socket.once('data', () => answer(socket));
  };

test.each([
  { connectionTtlMs: 1, what: 'is replaced when it has become too old, though it is never idle' },
  { connectionTtlMs: undefined, what: 'is used again and again without such a limit' },
])('a connection $what', async ({ connectionTtlMs }) => {
  const server = await serve({ certificate: 'first', answer: (_request, response) => response.end('ok') });
  const transport = transportTo(server, { connections: 1, connectionTtlMs });
  for (let turn = 0; turn < 50 && server.connections() < 2; turn++) expect(await transport.exchange(get('/'), readText)).toBe('ok');
  expect(server.connections()).toBe(connectionTtlMs === undefined ? 1 : 2);
  expect(server.peak()).toBeLessThanOrEqual(2);
});

describe('an exchange', () => {
  test('sends method, path, headers and body and reads status, reason and text', async () => {
    const server = await serve({
      certificate: 'first',
      answer: (request, response) => {
        let body = '';
        request.on('data', (chunk) => {
          body += chunk;
        });
        request.on('end', () => {
          response.writeHead(503, 'Service Unavailable (Failed to connect to endpoint)', { 'x-one': '1', 'set-cookie': ['a=1', 'b=2'] });
          response.end(`${request.method} ${request.url} ${String(request.headers['soapaction'])} ${body}`);
        });
      },
    });
    const transport = transportTo(server);
    const answer = await transport.exchange(
      get('/sdk?x=1', { method: 'POST', body: '<é/>', headers: { SOAPAction: 'urn:vim25/8.0' } }),
      async (response) => ({ ...response, body: await response.text() }),
    );
    expect(answer).toMatchObject({
      status: 503,
      statusText: 'Service Unavailable (Failed to connect to endpoint)',
      headers: { 'x-one': '1', 'set-cookie': ['a=1', 'b=2'] },
      body: 'POST /sdk?x=1 urn:vim25/8.0 <é/>',
    });
  });

  test('keeps its connection for the next one', async () => {
    const server = await serve({ certificate: 'first', answer: (_request, response) => response.end('ok') });
    const transport = transportTo(server);
    for (let round = 0; round < 5; round++) await transport.exchange(get('/'), readText);
    expect(server.connections()).toBe(1);
    expect(transport.pool()).toEqual({ size: 4, active: 0, idle: 1, opened: 1, reconnects: 0, errors: 0 });
  });

  test('never opens more connections than allowed', async () => {
    let running = 0;
    let most = 0;
    const held: (() => void)[] = [];
    const server = await serve({
      certificate: 'first',
      answer: (_request, response) => {
        most = Math.max(most, ++running);
        held.push(() => {
          running--;
          response.end('ok');
        });
        if (held.length >= 2) for (const release of held.splice(0)) setImmediate(release);
      },
    });
    const transport = transportTo(server, { connections: 2 });
    await Promise.all(Array.from({ length: 20 }, () => transport.exchange(get('/'), readText)));
    expect(server.peak()).toBe(2);
    expect(most).toBe(2);
  });

  test('hands over what `read` returns or throws, and keeps the connection either way', async () => {
    const server = await serve({ certificate: 'first', answer: (_request, response) => response.end('x'.repeat(1_000)) });
    const transport = transportTo(server);
    await expect(transport.exchange(get('/'), async () => 7)).resolves.toBe(7);
    await expect(
      transport.exchange(get('/'), async () => {
        throw new RangeError('not a vSphere answer');
      }),
    ).rejects.toThrow(RangeError);
    await expect(transport.exchange(get('/'), readText)).resolves.toHaveLength(1_000);
    expect(server.connections()).toBe(1);
  });

  test('drops the connection when `read` leaves more than is worth reading away', async () => {
    const server = await serve({
      certificate: 'first',
      onSocket: answerRaw((socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n');
        socket.write(Buffer.alloc(1_000_000));
      }),
    });
    const transport = transportTo(server);
    await expect(transport.exchange(get('/'), async (response) => response.status)).resolves.toBe(200);
    await server.idle();
    expect(transport.pool().active).toBe(0);
  });

  test('gives the body only once', async () => {
    const server = await serve({ certificate: 'first', answer: (_request, response) => response.end('once') });
    const transport = transportTo(server);
    const failure = await failureOf(
      transport.exchange(get('/'), async (response) => {
        await response.text();
        return response.text();
      }),
    );
    expect(failure.code).toBe('TRANSPORT_BODY_USED');
  });

  test('does not read ahead of a slow reader', async () => {
    let sent = 0;
    let sentMeanwhile = 0;
    const server = await serve({
      certificate: 'first',
      answer: (_request, response) => {
        const push = (): void => {
          while (sent < 64 * 1024 * 1024) {
            sent += 65_536;
            if (!response.write(Buffer.alloc(65_536))) {
              response.once('drain', push);
              return;
            }
          }
          response.end();
        };
        push();
      },
    });
    const transport = transportTo(server, { maxBodyBytes: 128 * 1024 * 1024 });
    const received = await transport.exchange(get('/'), async (response) => {
      let bytes = 0;
      for await (const chunk of response.chunks) {
        if (bytes === 0) for (let turn = 0; turn < 3_000; turn++) await new Promise((resolve) => setImmediate(resolve));
        if (bytes === 0) sentMeanwhile = sent;
        bytes += chunk.length;
      }
      return bytes;
    });
    // Both kernels' socket buffers are in between, a few megabytes on loopback.
    expect(sentMeanwhile).toBeLessThan(24 * 1024 * 1024);
    expect(received).toBe(64 * 1024 * 1024);
  });
});

describe('compressed answers', () => {
  const text = 'vSphere '.repeat(10_000);
  test.each([
    ['gzip', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['deflate', deflateRawSync(text)],
  ])('%s is undone', async (encoding, body) => {
    const server = await serve({
      certificate: 'first',
      answer: (_request, response) => response.writeHead(200, { 'content-encoding': encoding }).end(body),
    });
    await expect(transportTo(server).exchange(get('/'), readText)).resolves.toBe(text);
  });

  test('are bounded by what they unpack to', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    const server = await serve({
      certificate: 'first',
      answer: (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
    });
    let seen = 0;
    const failure = await failureOf(
      transportTo(server).exchange(get('/', { maxBodyBytes: 1_000_000 }), async (response) => {
        for await (const chunk of response.chunks) seen += chunk.length;
      }),
    );
    expect(bomb.length).toBeLessThan(100_000);
    expect(failure.code).toBe('TRANSPORT_BODY_TOO_LARGE');
    expect(seen).toBeLessThanOrEqual(1_000_000);
  });

  test('that are damaged fail, and so do encodings nobody asked for', async () => {
    const server = await serve({
      certificate: 'first',
      answer: (request, response) => response.writeHead(200, { 'content-encoding': request.url === '/br' ? 'br' : 'gzip' }).end('nonsense'),
    });
    const transport = transportTo(server);
    expect((await failureOf(transport.exchange(get('/gzip'), readText))).code).toBe('TRANSPORT_ENCODING_INVALID');
    expect((await failureOf(transport.exchange(get('/br'), readText))).code).toBe('TRANSPORT_ENCODING_UNSUPPORTED');
  });
});

describe('trust', () => {
  test('a wrong pin stops before one byte is sent', async () => {
    const server = await serve({ certificate: 'second', answer: (_request, response) => response.end('secret') });
    const transport = transportTo(server);
    const failure = await failureOf(transport.exchange(get('/', { method: 'POST', body: 'password' }), readText));
    await server.idle();
    expect(failure.code).toBe('TRANSPORT_CERTIFICATE_CHANGED');
    expect(failure.details).toMatchObject({
      sent: false,
      expected: fingerprint('first'),
      certificate: {
        sha256: fingerprint('second'),
        subject: 'O=Breakwater tests, CN=localhost.localdomain',
        validTo: '2099-01-01T00:00:00.000Z',
      },
    });
    expect(server.connections()).toBe(1);
    expect(server.received()).toBe(0);
  });

  test('a certificate that changes is noticed at the next connection', async () => {
    const before = await serve({ certificate: 'first', answer: (_request, response) => response.end('ok') });
    const transport = transportTo(before);
    await expect(transport.exchange(get('/'), readText)).resolves.toBe('ok');
    await before.close();
    const after = await serve({ certificate: 'second', port: before.port, answer: (_request, response) => response.end('other') });
    const failure = await failureOf(transport.exchange(get('/'), readText));
    await after.idle();
    expect(failure.code).toBe('TRANSPORT_CERTIFICATE_CHANGED');
    expect(after.received()).toBe(0);
  });

  test('an authority vouches for name and chain', async () => {
    const server = await serve({ certificate: 'signed', answer: (_request, response) => response.end('ok') });
    const transport = transportTo(server, { trust: { kind: 'ca', pem: readFixture('authority.crt') } });
    await expect(transport.exchange(get('/'), readText)).resolves.toBe('ok');
  });

  test.each([
    ['an unknown authority', 'signed', { kind: 'system-ca' }],
    ['a self-signed certificate', 'first', { kind: 'ca', pem: readFixture('authority.crt') }],
  ] as const)('%s is refused with the certificate in hand and nothing sent', async (_name, certificate, trust) => {
    const server = await serve({ certificate, answer: (_request, response) => response.end('secret') });
    const failure = await failureOf(transportTo(server, { trust }).exchange(get('/'), readText));
    await server.idle();
    expect(failure.code).toBe('TRANSPORT_CERTIFICATE_UNTRUSTED');
    expect(failure.details['certificate']).toMatchObject({ sha256: fingerprint(certificate) });
    expect(server.received()).toBe(0);
  });

  test('an authority does not vouch for another name', async () => {
    const server = await serve({ certificate: 'elsewhere', answer: (_request, response) => response.end('secret') });
    const transport = transportTo(server, { trust: { kind: 'ca', pem: readFixture('authority.crt') } });
    const failure = await failureOf(transport.exchange(get('/'), readText));
    expect(failure).toMatchObject({ code: 'TRANSPORT_CERTIFICATE_UNTRUSTED', details: { reason: 'ERR_TLS_CERT_ALTNAME_INVALID' } });
    expect(server.received()).toBe(0);
  });

  test('plain http, paths and credentials are refused', () => {
    const trust = { kind: 'system-ca' } as const;
    const codeOf = (origin: string): string => {
      try {
        openTransport({ origin, trust });
        return 'accepted';
      } catch (error) {
        return isOpsError(error) ? error.code : 'other';
      }
    };
    expect(codeOf('http://192.0.2.1')).toBe('TRANSPORT_PLAIN_HTTP_REFUSED');
    expect(codeOf('http://localhost.example')).toBe('TRANSPORT_PLAIN_HTTP_REFUSED');
    expect(codeOf('https://user:secret@192.0.2.1')).toBe('TRANSPORT_ORIGIN_INVALID');
    expect(codeOf('https://192.0.2.1/sdk')).toBe('TRANSPORT_ORIGIN_INVALID');
    expect(codeOf('http://[::1]:8989')).toBe('accepted');
    expect(openTransport({ origin: 'http://192.0.2.1', trust, plainHttp: 'any-host' }).origin).toBe('http://192.0.2.1');
  });

  test('an authority or a fingerprint that is none is refused before anything is dialed', () => {
    const codeOf = (trust: OpenTransportOptions['trust']): string => {
      try {
        openTransport({ origin: 'https://192.0.2.1', trust });
        return 'accepted';
      } catch (error) {
        return isOpsError(error) ? error.code : 'other';
      }
    };
    const damaged = readFixture('authority.crt').replace(/\n[A-Za-z0-9+/]{8}/, '\n########');
    expect(codeOf({ kind: 'ca', pem: 'not a certificate' })).toBe('TRANSPORT_CA_INVALID');
    expect(codeOf({ kind: 'ca', pem: damaged })).toBe('TRANSPORT_CA_INVALID');
    expect(codeOf({ kind: 'pinned', sha256: 'AA:BB' })).toBe('TRANSPORT_FINGERPRINT_INVALID');
    expect(codeOf({ kind: 'pinned', sha256: fingerprint('first').toLowerCase().replaceAll(':', '') })).toBe('accepted');
  });
});

describe('a server in trouble', () => {
  test('that refuses is TRANSPORT_REFUSED, with nothing sent', async () => {
    const server = await serve({ answer: (_request, response) => response.end() });
    await server.close();
    const failure = await failureOf(transportTo(server).exchange(get('/'), readText));
    expect(failure).toMatchObject({ code: 'TRANSPORT_REFUSED', details: { phase: 'connect', sent: false } });
  });

  test('fails everybody who waits for it, and serves them again when it is back', async () => {
    const gone = await serve({ certificate: 'first', answer: (_request, response) => response.end() });
    await gone.close();
    const transport = transportTo(gone, { connections: 2 });
    const failures = await Promise.all(Array.from({ length: 10 }, () => failureOf(transport.exchange(get('/'), readText))));
    expect(failures.map(({ code }) => code)).toEqual(Array.from({ length: 10 }, () => 'TRANSPORT_REFUSED'));
    await serve({ certificate: 'first', port: gone.port, answer: (_request, response) => response.end('back') });
    const answers = await Promise.all(Array.from({ length: 10 }, () => transport.exchange(get('/'), readText)));
    expect(answers).toEqual(Array.from({ length: 10 }, () => 'back'));
  });

  test('that shows a wrong certificate is asked by everybody in vain', async () => {
    const server = await serve({ certificate: 'second', answer: (_request, response) => response.end('secret') });
    const transport = transportTo(server, { connections: 2 });
    const failures = await Promise.all(Array.from({ length: 10 }, () => failureOf(transport.exchange(get('/'), readText))));
    expect(failures.map(({ code }) => code)).toEqual(Array.from({ length: 10 }, () => 'TRANSPORT_CERTIFICATE_CHANGED'));
    await server.idle();
    expect(server.received()).toBe(0);
    expect(transport.pool()).toMatchObject({ active: 0, idle: 0, opened: 0 });
  });

  test('that breaks one connection leaves the others alone', async () => {
    const waiting: (() => void)[] = [];
    const server = await serve({
      certificate: 'first',
      answer: (request, response) => {
        if (request.url === '/break') request.socket.destroy();
        else waiting.push(() => response.end('ok'));
      },
    });
    const transport = transportTo(server, { connections: 2 });
    const steady = transport.exchange(get('/'), readText);
    const next = failureOf(transport.exchange(get('/break'), readText));
    const last = transport.exchange(get('/'), readText);
    expect((await next).code).toBe('TRANSPORT_RESET');
    while (waiting.length < 2) await new Promise((resolve) => setImmediate(resolve));
    for (const release of waiting) release();
    await expect(Promise.all([steady, last])).resolves.toEqual(['ok', 'ok']);
  });

  test('that accepts and closes during the handshake is TRANSPORT_RESET in phase tls', async () => {
    const server = await serve({ onSocket: (socket) => socket.once('data', () => socket.destroy()) });
    const transport = transportTo(server, { origin: server.origin.replace('http:', 'https:') });
    const failure = await failureOf(transport.exchange(get('/'), readText));
    expect(failure).toMatchObject({ code: 'TRANSPORT_RESET', details: { phase: 'tls', sent: false } });
  });

  test('that does not speak TLS is TRANSPORT_TLS_FAILED', async () => {
    const server = await serve({ onSocket: (socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')) });
    const transport = transportTo(server, { origin: server.origin.replace('http:', 'https:') });
    expect((await failureOf(transport.exchange(get('/'), readText))).code).toBe('TRANSPORT_TLS_FAILED');
  });

  test('that breaks off in the body is TRANSPORT_RESET in phase body', async () => {
    const server = await serve({
      certificate: 'first',
      onSocket: answerRaw((socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf', () => socket.destroy());
      }),
    });
    const failure = await failureOf(transportTo(server).exchange(get('/'), readText));
    expect(failure).toMatchObject({ code: 'TRANSPORT_RESET', details: { phase: 'body', sent: true } });
  });

  test('that speaks no HTTP is TRANSPORT_PROTOCOL_ERROR', async () => {
    const server = await serve({ certificate: 'first', onSocket: answerRaw((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')) });
    const failure = await failureOf(transportTo(server).exchange(get('/'), readText));
    expect(failure.code).toBe('TRANSPORT_PROTOCOL_ERROR');
  });

  test('that floods with headers is TRANSPORT_HEADERS_TOO_LARGE', async () => {
    const server = await serve({
      certificate: 'first',
      onSocket: answerRaw((socket) => socket.write(`HTTP/1.1 200 OK\r\n${'x-y: z\r\n'.repeat(10_000)}`)),
    });
    expect((await failureOf(transportTo(server).exchange(get('/'), readText))).code).toBe('TRANSPORT_HEADERS_TOO_LARGE');
  });

  test.each([
    ['declared', 'HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n'],
    ['chunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n'],
  ])('that answers more than allowed (%s) is TRANSPORT_BODY_TOO_LARGE', async (_name, head) => {
    const server = await serve({ certificate: 'first', onSocket: answerRaw((socket) => socket.write(head + 'x'.repeat(2_000))) });
    const failure = await failureOf(transportTo(server, { maxBodyBytes: 1_000 }).exchange(get('/'), readText));
    expect(failure.code).toBe('TRANSPORT_BODY_TOO_LARGE');
    await server.idle();
  });

  test('leaves a count of errors and of connections that had to be replaced', async () => {
    let requests = 0;
    const server = await serve({
      certificate: 'first',
      answer: (request, response) => {
        if (++requests === 1) request.socket.destroy();
        else response.end('ok');
      },
    });
    const transport = transportTo(server);
    expect((await failureOf(transport.exchange(get('/'), readText))).code).toBe('TRANSPORT_RESET');
    await expect(transport.exchange(get('/'), readText)).resolves.toBe('ok');
    expect(transport.pool()).toMatchObject({ opened: 2, reconnects: 1, errors: 1, active: 0 });
  });
});

describe('limits in time', () => {
  test('a handshake that never ends is a timeout in phase tls', async () => {
    const server = await serve({ onSocket: () => undefined });
    const clock = new ManualClock();
    const transport = transportTo(server, { origin: server.origin.replace('http:', 'https:'), clock, tlsTimeoutMs: 5_000 });
    const failure = await failureWithin(clock, { stepMs: 1_000, promise: transport.exchange(get('/'), readText) });
    expect(failure).toMatchObject({ code: 'TRANSPORT_TIMEOUT', details: { phase: 'tls', timeoutMs: 5_000, sent: false } });
    await server.idle();
  });

  test('an answer that never begins is a timeout in phase first-byte, also when headers drip', async () => {
    const server = await serve({ certificate: 'first', onSocket: answerRaw((socket) => socket.write('HTTP/1.1 200 OK\r\nx-slow: ')) });
    const clock = new ManualClock();
    const transport = transportTo(server, { clock });
    const failure = await failureWithin(clock, { stepMs: 5_000, promise: transport.exchange(get('/', { timeoutMs: 12_000 }), readText) });
    expect(failure).toMatchObject({ code: 'TRANSPORT_TIMEOUT', details: { phase: 'first-byte', timeoutMs: 12_000, sent: true } });
    await server.idle();
  });

  test('a body that falls silent is a timeout in phase body', async () => {
    const server = await serve({
      certificate: 'first',
      onSocket: answerRaw((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')),
    });
    const clock = new ManualClock();
    const transport = transportTo(server, { clock, bodyIdleMs: 3_000 });
    const failure = await failureWithin(clock, { stepMs: 1_000, promise: transport.exchange(get('/'), readText) });
    expect(failure).toMatchObject({ code: 'TRANSPORT_TIMEOUT', details: { phase: 'body', timeoutMs: 3_000 } });
  });

  test('a body that never ends is cut by the time of the whole attempt', async () => {
    const server = await serve({
      certificate: 'first',
      onSocket: answerRaw((socket) => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        const drip = (): void => {
          if (!socket.destroyed) socket.write('.', () => setImmediate(drip));
        };
        drip();
      }),
    });
    const clock = new ManualClock();
    const transport = transportTo(server, { clock, bodyIdleMs: 3_000, timeoutMs: 10_000 });
    const failure = await failureWithin(clock, { stepMs: 1_000, promise: transport.exchange(get('/'), readText) });
    expect(failure).toMatchObject({ code: 'TRANSPORT_TIMEOUT', details: { phase: 'body', timeoutMs: 10_000 } });
    await server.idle();
  });

  test('leaves no timer behind', async () => {
    const server = await serve({ certificate: 'first', answer: (_request, response) => response.end('ok') });
    const clock = new ManualClock();
    await transportTo(server, { clock }).exchange(get('/'), readText);
    expect(clock.pendingCount).toBe(0);
    const broken = await serve({ certificate: 'first', onSocket: answerRaw((socket) => socket.destroy()) });
    await failureOf(transportTo(broken, { clock }).exchange(get('/'), readText));
    expect(clock.pendingCount).toBe(0);
  });
});

describe('cancellation', () => {
  test('before the start touches no socket', async () => {
    const server = await serve({ certificate: 'first', answer: (_request, response) => response.end('ok') });
    const failure = await failureOf(transportTo(server).exchange(get('/', { signal: AbortSignal.abort('no more') }), readText));
    expect(failure).toMatchObject({ code: 'TRANSPORT_CANCELED', cause: 'no more', details: { sent: false } });
    expect(server.connections()).toBe(0);
  });

  test('closes the connection of the running request', async () => {
    const controller = new AbortController();
    const server = await serve({ certificate: 'first', answer: () => controller.abort() });
    const transport = transportTo(server);
    const failure = await failureOf(transport.exchange(get('/', { signal: controller.signal }), readText));
    expect(failure).toMatchObject({ code: 'TRANSPORT_CANCELED', details: { phase: 'first-byte', sent: true } });
    await server.idle();
    expect(transport.pool()).toMatchObject({ active: 0, errors: 0 });
  });

  test('while waiting for a connection sends nothing, and the next in line goes on', async () => {
    const paths: string[] = [];
    const holding = Promise.withResolvers<() => void>();
    const server = await serve({
      certificate: 'first',
      answer: (request, response) => {
        paths.push(request.url ?? '');
        if (request.url === '/one') holding.resolve(() => response.end('one'));
        else response.end('other');
      },
    });
    const transport = transportTo(server, { connections: 1 });
    const controller = new AbortController();
    const one = transport.exchange(get('/one'), readText);
    const release = await holding.promise;
    const two = failureOf(transport.exchange(get('/two', { signal: controller.signal }), readText));
    const three = transport.exchange(get('/three'), readText);
    controller.abort();
    expect(await two).toMatchObject({ code: 'TRANSPORT_CANCELED', details: { sent: false } });
    release();
    await expect(Promise.all([one, three])).resolves.toEqual(['one', 'other']);
    expect(paths).toEqual(['/one', '/three']);
  });

  test('ends an exchange whose `read` would wait forever', async () => {
    const controller = new AbortController();
    const server = await serve({ certificate: 'first', answer: (_request, response) => response.end('ok') });
    const exchange = transportTo(server).exchange(get('/', { signal: controller.signal }), () => {
      controller.abort();
      return new Promise<never>(() => undefined);
    });
    expect((await failureOf(exchange)).code).toBe('TRANSPORT_CANCELED');
  });

  test('closing the transport fails what is running and what comes later', async () => {
    const arrived = Promise.withResolvers<void>();
    const server = await serve({ certificate: 'first', answer: () => arrived.resolve() });
    const transport = transportTo(server);
    const running = failureOf(transport.exchange(get('/'), readText));
    await arrived.promise;
    await transport.close();
    expect((await running).code).toBe('TRANSPORT_CLOSED');
    expect((await failureOf(transport.exchange(get('/'), readText))).code).toBe('TRANSPORT_CLOSED');
  });
});
