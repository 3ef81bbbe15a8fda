import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createTestPortal, type TestPortal } from './testing/test-portal.ts';

const open: TestPortal[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map(({ portal }) => portal.close()));
});

async function listen(env: Record<string, string> = {}) {
  const test = createTestPortal({ env });
  open.push(test);
  test.fleet.seed({ id: 'a' }, { machineCount: 1 });
  return { test, ...(await test.portal.listen()) };
}

/** Sends bytes as they are and gives back all that came until the socket closed. */
async function exchange(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  socket.write(bytes);
  await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return text;
}

async function findFreePort(): Promise<number> {
  const other = createTestPortal();
  const { port } = await other.portal.listen();
  await other.portal.close();
  return port;
}

const upgradeOf = (host: string, lines: readonly string[]): string =>
  [
    'GET /proxy/0123456789abcdef0123456789abcdef HTTP/1.1',
    `Host: ${host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...lines,
    '\r\n',
  ].join('\r\n');

describe('the doors', () => {
  it('tell where the page is', async () => {
    const { port, url } = await listen({ BASE_PATH: '/vm' });
    expect(url).toBe(`http://127.0.0.1:${port}/vm/`);
  });

  it('are one by default and two when WS_PROXY_PORT asks for it, with the same guards', async () => {
    const second = await findFreePort();
    const { port } = await listen({ WS_PROXY_PORT: String(second) });
    const plain = await exchange(second, `GET / HTTP/1.1\r\nHost: localhost:${second}\r\nConnection: close\r\n\r\n`);
    expect(plain).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*Breakwater console door/);
    const host = `localhost:${second}`;
    expect(await exchange(second, upgradeOf(host, [`Origin: http://localhost:${port}`]))).toContain('PORTAL_SIGN_IN_REQUIRED');
    expect(await exchange(second, upgradeOf(host, [`Origin: http://evil.example:${port}`]))).toContain('PORTAL_ORIGIN_REFUSED');
    expect(await exchange(second, upgradeOf('evil.example', []))).toContain('PORTAL_HOST_REFUSED');
    expect(await exchange(port, upgradeOf(`localhost:${port}`, ['Origin: http://localhost:1']))).toContain('PORTAL_ORIGIN_REFUSED');
  });

  it('close at once when nobody is there, and refuse afterwards', async () => {
    const { test, port } = await listen();
    await test.portal.close();
    open.length = 0;
    const refused = new Promise<string>((resolve) => {
      connect(port, '127.0.0.1').once('error', (error) => resolve('code' in error ? String(error.code) : ''));
    });
    expect(await refused).toBe('ECONNREFUSED');
  });

  it('let a running request finish before they close', async () => {
    const { test, port } = await listen();
    let finish: (() => void) | undefined;
    const started = new Promise<void>((begun) => {
      test.fleet.testServer = () =>
        new Promise((resolve) => {
          begun();
          finish = () => resolve({ success: true, message: 'late', vm_count: 1, code: null, steps: [], certificate: null, product: null });
        });
    });
    const { authorization } = test.as('admin');
    const answer = exchange(
      port,
      `POST /api/v1/servers/a/test HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${authorization}\r\nConnection: close\r\n\r\n`,
    );
    await started;
    const closed = test.portal.close();
    finish?.();
    expect(await answer).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*"late"/);
    await closed;
    open.length = 0;
  });

  it('answer bytes that are no request, or too many headers, with a problem', async () => {
    const { port } = await listen();
    expect(await exchange(port, 'hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [\s\S]*PORTAL_REQUEST_INVALID/);
    const many = `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`;
    expect(await exchange(port, many)).toMatch(/^HTTP\/1\.1 431 [\s\S]*PORTAL_HEADERS_TOO_LARGE/);
  });

  it('answer HEAD like GET, without the body', async () => {
    const { port } = await listen();
    const head = await exchange(port, 'HEAD /api/v1/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(head).toMatch(/content-length: 38\r\n/i);
    expect(head).toMatch(/\r\n\r\n$/);
  });
});
