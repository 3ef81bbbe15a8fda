import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeMachine } from '../testing/samples.ts';
import { createTestPortal, type TestPortal } from '../testing/test-portal.ts';

let test: TestPortal;
let port: number;
let sockets: Socket[];

beforeEach(async () => {
  test = createTestPortal();
  test.fleet.seed({ id: 'a' }, { machineCount: 3 });
  ({ port } = await test.portal.listen());
  sockets = [];
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await test.portal.close();
});

/** A stream over a real socket; `read` waits until the text so far matches. */
async function openStream(headers: Record<string, string> = {}) {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  let text = '';
  const listeners = new Set<() => void>();
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString();
    for (const listener of listeners) listener();
  });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const lines = Object.entries({ ...test.as('viewer'), host: `127.0.0.1:${port}`, ...headers })
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}: ${value}`);
  socket.write(`GET /api/v1/events HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  const read = (pattern: RegExp): Promise<string> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (!pattern.test(text)) return;
        listeners.delete(check);
        resolve(text);
      };
      listeners.add(check);
      check();
    });
  return { socket, read, closed, text: () => text };
}

/** Signs a person in and gives the headers of that browser. */
async function signIn(username: string, role: string) {
  const { app } = test.portal;
  const password = 'correct horse battery';
  const added = await app.inject({
    method: 'POST',
    url: '/api/v1/people',
    headers: test.as('admin'),
    payload: { username, password, role },
  });
  const entered = await app.inject({
    method: 'POST',
    url: '/api/v1/session',
    headers: { host: 'localhost' },
    payload: { username, password },
  });
  return { id: added.json<{ id: string }>().id, cookie: String(entered.headers['set-cookie']).split(';', 1)[0] ?? '' };
}

const put = (path: string, body: unknown): Promise<number> =>
  new Promise((resolve, reject) => {
    const headers = { ...test.as('viewer'), 'content-type': 'application/json' };
    const call = request({ port, host: '127.0.0.1', method: 'PUT', path, headers }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0));
    });
    call.once('error', reject);
    call.end(JSON.stringify(body));
  });

describe('GET /api/v1/events', () => {
  it('answers with headers that no proxy buffers or rewrites', async () => {
    const stream = await openStream();
    const text = await stream.read(/event: hello\n.*\n\n/);
    const [head = ''] = text.split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(head).toMatch(/content-type: text\/event-stream; charset=utf-8/);
    expect(head).toMatch(/cache-control: no-cache, no-transform/);
    expect(head).toMatch(/x-accel-buffering: no/);
    expect(head).toMatch(/content-security-policy: default-src 'none'/);
    expect(head).not.toMatch(/transfer-encoding|content-length/i);
  });

  it('streams a change, and replays it to a client that comes back', async () => {
    const first = await openStream();
    await first.read(/event: hello/);
    test.fleet.changeMachine(makeMachine({ server_id: 'a', moid: '1', name: 'renamed' }));
    await test.clock.advance(300);
    const text = await first.read(/event: machine\.changed\ndata: .*renamed.*\n\n/);
    const id = /id: (\w+-\d+)\nevent: machine\.changed/.exec(text)?.[1] ?? '';
    const [boot, seq] = id.split('-');
    first.socket.destroy();
    const again = await openStream({ 'last-event-id': `${boot}-${Number(seq) - 1}` });
    expect(await again.read(/event: machine\.changed\n/)).not.toMatch(/event: resync/);
  });

  it('learns what a stream shows, and forgets it when the stream ends', async () => {
    const stream = await openStream();
    const connection = /"connection":"([^"]+)"/.exec(await stream.read(/"connection":"[^"]+"/))?.[1] ?? '';
    expect(await put(`/api/v1/events/${connection}/visible`, { machines: [{ server_id: 'a', moid: '1' }] })).toBe(204);
    expect(test.fleet.visible.get(connection)).toEqual([{ serverId: 'a', moid: '1' }]);
    expect(await put('/api/v1/events/nonsense/visible', { machines: [] })).toBe(404);
    stream.socket.destroy();
    while (test.fleet.visible.size > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(test.fleet.visible.size).toBe(0);
  });

  it('tells a person of a new role at once, and ends with the person', async () => {
    const headers = test.as('admin');
    const { app } = test.portal;
    // Somebody must stay in charge.
    await app.inject({
      method: 'POST',
      url: '/api/v1/people',
      headers,
      payload: { username: 'ann', password: 'x'.repeat(10), role: 'admin' },
    });
    const { id, cookie } = await signIn('vic', 'viewer');
    const stream = await openStream({ authorization: '', cookie });
    expect(await stream.read(/event: hello\n.*\n\n/)).toContain(`"reader":{"id":"${id}","role":"viewer"}`);
    await app.inject({ method: 'PATCH', url: `/api/v1/people/${id}`, headers, payload: { role: 'operator' } });
    await stream.read(new RegExp(`\n\nevent: reader\\.changed\ndata: \\{"id":"${id}","role":"operator"\\}\n\n`));
    await app.inject({ method: 'DELETE', url: `/api/v1/people/${id}`, headers });
    await stream.closed;
    expect(stream.text()).toMatch(/event: resync\ndata: {"reason":"signed_out"}\n\n$/);
  });

  it('tells open streams that the portal stops, and stops although they are open', async () => {
    const stream = await openStream();
    await stream.read(/event: hello/);
    await test.portal.close();
    await stream.closed;
    expect(stream.text()).toMatch(/event: resync\ndata: {"reason":"closing"}\n\n$/);
  });
});

describe('the upgrade', () => {
  const upgrade = async (headers: Record<string, string>, path = '/proxy/0123456789abcdef0123456789abcdef'): Promise<string> => {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    const lines = Object.entries({
      host: `127.0.0.1:${port}`,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
    }).map(([name, value]) => `${name}: ${value}`);
    let text = '';
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString();
    });
    socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    await new Promise<void>((resolve) => socket.once('close', () => resolve()));
    return text;
  };

  it('refuses foreign pages, foreign names, strangers and unknown sessions, each with a problem', async () => {
    const { authorization } = test.as('operator');
    expect(await upgrade({ authorization, origin: 'http://evil.example' })).toMatch(/^HTTP\/1\.1 403 [\s\S]*PORTAL_ORIGIN_REFUSED/);
    expect(await upgrade({ authorization, host: 'evil.example' })).toMatch(/^HTTP\/1\.1 421 [\s\S]*PORTAL_HOST_REFUSED/);
    expect(await upgrade({})).toMatch(/^HTTP\/1\.1 401 [\s\S]*PORTAL_SIGN_IN_REQUIRED/);
    expect(await upgrade({ authorization })).toMatch(/^HTTP\/1\.1 404 [\s\S]*PORTAL_CONSOLE_UNKNOWN/);
    expect(await upgrade({ authorization }, '/api/v1/events')).toMatch(/^HTTP\/1\.1 404 [\s\S]*PORTAL_NOT_FOUND/);
  });
});
