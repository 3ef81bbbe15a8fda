import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { createTestPortal } from '../testing/test-portal.ts';

const script = `export const words = ${JSON.stringify('calm '.repeat(1_000))};`;

const roots: string[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
});

function buildWeb(): string {
  const root = mkdtempSync(join(tmpdir(), 'portal-web-'));
  roots.push(root);
  mkdirSync(join(root, 'assets'));
  writeFileSync(join(root, 'index.html'), '<!doctype html><html><head>\n<base href="/" />\n</head></html>');
  writeFileSync(join(root, 'favicon.svg'), '<svg/>');
  writeFileSync(join(root, 'assets', 'app-3fa1.js'), script);
  writeFileSync(join(root, 'assets', 'secret.key'), 'not for the web');
  return root;
}

async function get(
  url: string,
  options: { readonly env?: Record<string, string>; readonly webRoot?: string; readonly headers?: Record<string, string> } = {},
) {
  const { portal } = createTestPortal({ webRoot: options.webRoot ?? buildWeb(), env: options.env ?? {} });
  const response = await portal.app.inject({ url, headers: { host: 'localhost', ...options.headers } });
  await portal.close();
  return response;
}

describe('the web page', () => {
  it('is answered at its root and at every address of its own, never from a cache', async () => {
    for (const url of ['/', '/servers', '/machines/a/vm%2F1?tab=console']) {
      const response = await get(url, { headers: { accept: 'text/html,*/*' } });
      expect([response.statusCode, response.headers['cache-control'], response.headers['content-type']]).toEqual([
        200,
        'no-cache',
        'text/html; charset=utf-8',
      ]);
    }
  });

  it('knows the path below which it lives', async () => {
    expect((await get('/vm/servers', { env: { BASE_PATH: '/vm' } })).body).toContain('<base href="/vm/">');
    expect((await get('/')).body).toContain('<base href="/">');
  });

  it('lets hashed files be kept for ever and compresses them', async () => {
    const response = await get('/assets/app-3fa1.js', { headers: { 'accept-encoding': 'gzip' } });
    expect(response.headers).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-encoding': 'gzip',
      'content-type': 'text/javascript; charset=utf-8',
    });
    expect(gunzipSync(response.rawPayload).toString()).toBe(script);
  });

  it('answers 304 for a file that the browser has', async () => {
    const webRoot = buildWeb();
    const { etag } = (await get('/favicon.svg', { webRoot })).headers;
    expect((await get('/favicon.svg', { webRoot, headers: { 'if-none-match': String(etag) } })).statusCode).toBe(304);
  });

  it('is not what a program gets for a wrong address, nor what stands in for a missing file', async () => {
    for (const url of ['/api/v1/nope', '/assets/app-0000.js', '/assets/secret.key', '/docs/nope', '/proxy/nope']) {
      const response = await get(url, { headers: { accept: 'text/html' } });
      expect([response.statusCode, response.json<unknown>()]).toMatchObject([404, { code: 'PORTAL_NOT_FOUND' }]);
    }
    expect((await get('/servers', { headers: { accept: 'application/json' } })).statusCode).toBe(404);
  });

  it('says what to do when it has not been built', async () => {
    const response = await get('/', { webRoot: '/nonexistent' });
    expect([response.statusCode, response.body]).toEqual([503, expect.stringContaining('npm run build')]);
  });
});
