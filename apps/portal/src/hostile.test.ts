import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { problemSchema } from '@breakwater/contract';
import { createSeededRandom } from '@breakwater/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestPortal, type TestPortal } from './testing/test-portal.ts';

let test: TestPortal;
let webRoot = '';

beforeAll(() => {
  webRoot = mkdtempSync(join(tmpdir(), 'portal-web-'));
  writeFileSync(join(webRoot, 'index.html'), '<!doctype html><head></head>');
  test = createTestPortal({ webRoot });
  test.fleet.seed({ id: 'a' }, { machineCount: 2 });
});

afterAll(async () => {
  await test.portal.close();
  rmSync(webRoot, { recursive: true, force: true });
});

async function send(method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, payload?: string, headers: Record<string, string> = {}) {
  const response = await test.portal.app.inject({
    method,
    url,
    headers: { ...test.as('admin'), ...(payload === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(payload === undefined ? {} : { payload }),
  });
  return { status: response.statusCode, headers: response.headers, json: () => response.json<unknown>(), text: response.body };
}

const isCalmRefusal = (status: number): boolean => status >= 400 && status < 500;

describe('hostile requests', () => {
  it.each([
    ['no JSON', 'hello'],
    ['half a JSON', '{"name": "x'],
    ['the wrong type', '[]'],
    ['null', 'null'],
    ['a number', '7'],
    ['a wrong inner type', '{"name": 7, "host": [], "user": {}, "password": true}'],
    ['an unknown key', '{"name":"x","host":"x","user":"x","password":"x","is_admin":true}'],
    ['a prototype', '{"__proto__":{"enabled":false},"name":"x","host":"x","user":"x","password":"x"}'],
    ['a constructor', '{"constructor":{"prototype":{}},"name":"x","host":"x","user":"x","password":"x"}'],
    ['deep nesting', `${'['.repeat(30_000)}${']'.repeat(30_000)}`],
    ['deep objects', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
    ['a thousand faults', JSON.stringify(Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`k${index}`, index])))],
    ['a URL as a host', '{"name":"x","host":"http://169.254.169.254/","user":"x","password":"x"}'],
    ['a line break in a name', '{"name":"a\\nb","host":"x","user":"x","password":"x"}'],
    ['a right-to-left override in a name', '{"name":"a\\u202eb","host":"x","user":"x","password":"x"}'],
    ['a name of 10 kB', JSON.stringify({ name: 'x'.repeat(10_000), host: 'x', user: 'x', password: 'x' })],
    ['a port out of range', '{"name":"x","host":"x","user":"x","password":"x","port":70000}'],
    ['a port as text', '{"name":"x","host":"x","user":"x","password":"x","port":"443"}'],
  ])('answers %s with one clear problem', async (_, payload) => {
    const response = await send('POST', '/api/v1/servers', payload);
    expect(response.status).toBe(400);
    expect(problemSchema.parse(response.json()).code).toBe('PORTAL_REQUEST_INVALID');
    expect(response.text.length).toBeLessThan(4_000);
    expect(test.fleet.servers()).toHaveLength(1);
  });

  it('names the place of a fault and never repeats the value', async () => {
    const { json } = await send('POST', '/api/v1/servers', '{"name":"x","host":"hunter2 hunter2","user":"x","password":7}');
    const problem = problemSchema.parse(json());
    expect(problem.details).toMatchObject({ part: 'body', faults: [{ path: 'host' }, { path: 'password' }] });
    expect(JSON.stringify(problem)).not.toContain('hunter2');
  });

  it('refuses a body over 64 KiB and one of another type', async () => {
    expect(await send('POST', '/api/v1/servers', `"${'x'.repeat(70_000)}"`)).toMatchObject({ status: 413 });
    expect(await send('POST', '/api/v1/servers', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' })).toMatchObject({
      status: 415,
    });
    expect(await send('POST', '/api/v1/servers', '<a/>', { 'content-type': 'text/xml' })).toMatchObject({ status: 415 });
  });

  it.each([
    '/api/v1/servers/nope',
    '/api/v1/servers/nope/vms',
    '/api/v1/servers/nope/stats',
    '/api/v1/servers/a/vms/nope',
    '/api/v1/servers/a/vms/nope/thumbnail',
    '/api/v1/servers/__proto__/vms',
    '/api/v1/servers/constructor/vms/toString',
    '/api/v1/operations/nope',
    '/api/v1/nope',
    '/api/v2/servers',
    '/api/v1/servers/a/vms/1/power',
  ])('answers 404 for %s', async (url) => {
    const response = await send('GET', url);
    expect(response.status).toBe(404);
    problemSchema.parse(response.json());
  });

  it.each([
    '/api/v1/servers/%00',
    '/api/v1/servers/%0a%0dset-cookie:x/vms',
    '/api/v1/servers/%zz',
    '/api/v1/servers/%ff%fe',
    `/api/v1/servers/${'x'.repeat(5_000)}`,
    '/api/v1/operations?limit=-1',
    '/api/v1/operations?limit=1e9',
    '/api/v1/operations?limit=1&limit=2',
    '/api/v1/operations?before=%00',
    '/api/v1/operations?wat=1',
    '/api/v1/screens/..%2f..%2fetc%2fpasswd',
    '/api/v1/events?last_event_id[]=1',
  ])('refuses %s calmly', async (url) => {
    const response = await send('GET', url);
    expect(isCalmRefusal(response.status)).toBe(true);
    problemSchema.parse(response.json());
    expect(response.headers['set-cookie']).toBeUndefined();
  });

  it('gives out nothing but the page for paths that try to leave the folder', async () => {
    for (const url of ['/..%2f..%2fetc/passwd', '//evil.example/x', '/assets/..%2f..%2f..%2fetc%2fpasswd', '/%2e%2e/%2e%2e/etc/passwd']) {
      const { status, text } = await send('GET', url);
      expect([status === 404 || text === '<!doctype html><head><base href="/"></head>', text.includes('root:')]).toEqual([true, false]);
    }
  });

  it('counts a wrong token as a stranger, whatever it is made of', async () => {
    for (const authorization of [
      'Bearer',
      'Bearer  ',
      'Basic YWRtaW46YWRtaW4=',
      `Bearer ${'x'.repeat(6_000)}`,
      'Bearer {"$ne":null}',
      'bearer admin',
    ]) {
      expect((await send('GET', '/api/v1/servers', undefined, { authorization })).status).toBe(401);
    }
  });

  it('survives two thousand random requests with an answer below 500 each', async () => {
    const random = createSeededRandom(20_261_121);
    const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
    const words = [
      'a',
      '1',
      'servers',
      'vms',
      '%2F',
      '%25',
      '..',
      '%E2%80%AE',
      '%F0%9F%92%A5',
      "'",
      '<script>',
      '%00',
      'console',
      'power',
      'test',
      'x'.repeat(300),
    ];
    const values = [null, true, -1, 1e308, '', 'a', '\u0000', '💥', '\ud800', 'x'.repeat(2_000), [], {}, [[]], { a: { b: { c: [] } } }];
    const keys = [
      'name',
      'host',
      'port',
      'user',
      'password',
      'verb',
      'server_id',
      'machines',
      'sha256',
      'view_only',
      'token',
      'username',
      'role',
      '',
    ];
    for (let round = 0; round < 2_000; round++) {
      const path = Array.from({ length: 1 + Math.floor(random() * 5) }, () => pick(words)).join('/');
      const body = Object.fromEntries(Array.from({ length: Math.floor(random() * 4) }, () => [pick(keys), pick(values)]));
      const method = pick(['GET', 'POST', 'PUT', 'DELETE'] as const);
      const url = `/api/v1/${path}`;
      const response = await send(method, url, method === 'GET' ? undefined : JSON.stringify(random() < 0.1 ? pick(values) : body));
      expect(response.status).toBeLessThan(500);
      if (response.status >= 400) problemSchema.parse(response.json());
    }
  });
});
