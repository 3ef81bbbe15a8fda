import { type Access, createAccess } from '@breakwater/access';
import { createFakeSecretIssuer, createInMemoryAccessRepositories, FakeHasher, FakeSetupTokenStore } from '@breakwater/access/testing';
import { ManualClock, Secret, silentLogger } from '@breakwater/kernel';
import type { FastifyInstance } from 'fastify';
import { beforeEach, describe, expect, it } from 'vitest';
import { HttpFigures } from '../metrics/http-figures.ts';
import { createPortalApp } from '../portal-app.ts';
import { createSignIn, type SignIn } from './create-sign-in.ts';

const PASSWORD = 'correct horse battery';
const ADMIN = { username: 'ann', password: PASSWORD };

let clock: ManualClock;
let access: Access;
let signIn: SignIn;
let app: FastifyInstance;

beforeEach(() => {
  clock = new ManualClock();
  access = createAccess({
    repositories: createInMemoryAccessRepositories(),
    hasher: new FakeHasher(),
    secrets: createFakeSecretIssuer(),
    setupTokenStore: new FakeSetupTokenStore(),
    clock,
    logger: silentLogger,
  });
  signIn = createSignIn({ access, clock, basePath: '', publicUrl: null, version: '1.2.3', isDemo: false });
  app = createPortalApp({
    access,
    authenticate: signIn.authenticate,
    routes: signIn.routes,
    clock,
    logger: silentLogger,
    http: new HttpFigures(),
    basePath: '',
    trustedProxies: [],
    guardHost: () => undefined,
    guardOrigin: () => undefined,
    headers: () => ({}),
    serveRest: (_request, reply) => reply.code(404).send(),
  });
});

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

async function send(method: Method, url: string, options: { body?: unknown; cookie?: string; token?: string } = {}) {
  const answer = await app.inject({
    method,
    url,
    headers: {
      ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(options.cookie === undefined ? {} : { cookie: options.cookie }),
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
    },
    ...(options.body === undefined ? {} : { payload: JSON.stringify(options.body) }),
  });
  const setCookie = String(answer.headers['set-cookie'] ?? '');
  const body: unknown = answer.body === '' ? null : answer.json();
  return { status: answer.statusCode, body, setCookie, cookie: setCookie.split(';')[0] ?? '', headers: answer.headers };
}

const setUp = async () => {
  const token = (await access.setupToken())?.reveal();
  return send('POST', '/api/v1/setup', { body: { token, ...ADMIN } });
};

describe('first run', () => {
  it('tells that it is due, then makes the administrator and signs in', async () => {
    expect((await send('GET', '/api/v1/session')).body).toEqual({ setup_required: true, person: null, version: '1.2.3', demo: false });
    const done = await setUp();
    expect(done.status).toBe(200);
    expect(done.setCookie).toMatch(/^breakwater=[^;]+; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax$/);
    const session = await send('GET', '/api/v1/session', { cookie: done.cookie });
    expect(session.body).toMatchObject({ setup_required: false, person: { username: 'ann', role: 'admin' } });
  });

  it('refuses a wrong token, a short password and a second time', async () => {
    await access.setupToken();
    expect(await send('POST', '/api/v1/setup', { body: { token: 'wrong', ...ADMIN } })).toMatchObject({
      status: 403,
      body: { code: 'ACCESS_SETUP_TOKEN_WRONG' },
    });
    expect(await send('POST', '/api/v1/setup', { body: { token: 'wrong', username: 'ann', password: 'short' } })).toMatchObject({
      status: 400,
      body: { code: 'PORTAL_REQUEST_INVALID' },
    });
    await setUp();
    expect(await send('POST', '/api/v1/setup', { body: { token: 'wrong', ...ADMIN } })).toMatchObject({ status: 409 });
  });
});

describe('signing in and out', () => {
  beforeEach(async () => {
    await setUp();
  });

  it('opens a session, and ends it on the server too', async () => {
    const { cookie, status } = await send('POST', '/api/v1/session', { body: ADMIN });
    expect(status).toBe(200);
    expect((await send('GET', '/api/v1/people', { cookie })).status).toBe(200);
    const out = await send('DELETE', '/api/v1/session', { cookie });
    expect(out).toMatchObject({ status: 204, setCookie: expect.stringContaining('breakwater=; Max-Age=0') });
    expect((await send('GET', '/api/v1/people', { cookie })).status).toBe(401);
  });

  it('ends the session that the browser held before', async () => {
    const first = await send('POST', '/api/v1/session', { body: ADMIN });
    const second = await send('POST', '/api/v1/session', { body: ADMIN, cookie: first.cookie });
    expect((await send('GET', '/api/v1/people', { cookie: first.cookie })).status).toBe(401);
    expect((await send('GET', '/api/v1/people', { cookie: second.cookie })).status).toBe(200);
  });

  it('gives away neither names nor passwords, and slows down with Retry-After', async () => {
    const unknown = await send('POST', '/api/v1/session', { body: { username: 'nobody', password: 'secret guess' } });
    const wrong = await send('POST', '/api/v1/session', { body: { username: 'ann', password: 'secret guess' } });
    expect([unknown.status, wrong.status]).toEqual([401, 401]);
    const strip = (body: unknown) => ({ ...(body as object), request_id: '' });
    expect(strip(wrong.body)).toEqual(strip(unknown.body));
    expect(JSON.stringify(wrong.body)).not.toContain('secret guess');
    for (let attempt = 0; attempt < 4; attempt++) await send('POST', '/api/v1/session', { body: { username: 'ann', password: 'guess' } });
    const slowed = await send('POST', '/api/v1/session', { body: ADMIN });
    expect(slowed).toMatchObject({ status: 429, headers: { 'retry-after': '1' }, setCookie: '' });
    await clock.advance(1_000);
    expect((await send('POST', '/api/v1/session', { body: ADMIN })).status).toBe(200);
  });

  it('takes a one-time link once', async () => {
    const token = (await access.createLink('ann')).reveal();
    const { cookie, body } = await send('POST', '/api/v1/session/link', { body: { token } });
    expect(body).toMatchObject({ person: { username: 'ann' } });
    expect((await send('GET', '/api/v1/people', { cookie })).status).toBe(200);
    expect(await send('POST', '/api/v1/session/link', { body: { token } })).toMatchObject({
      status: 403,
      body: { code: 'ACCESS_LINK_INVALID' },
    });
  });

  it.each([
    ['no body', undefined],
    ['a list', []],
    ['a number for a name', { username: 5, password: 'x' }],
    ['a key too many', { ...ADMIN, admin: true }],
    ['a name of 10 kB', { username: 'x'.repeat(10_000), password: 'x' }],
    ['a prototype', { username: 'ann', password: PASSWORD, constructor: { prototype: {} } }],
  ])('refuses %s', async (_case, body) => {
    expect(await send('POST', '/api/v1/session', { body })).toMatchObject({ status: 400, setCookie: '' });
  });
});

describe('guards', () => {
  it('let nobody in without a session or a token, for any route that is not public', async () => {
    await setUp();
    for (const route of signIn.routes.filter((candidate) => candidate.permission !== 'public')) {
      const answer = await send(route.method as Method, route.path.replaceAll(/\{\w+\}/g, 'x'), route.method === 'GET' ? {} : { body: {} });
      expect([route.id, answer.status]).toEqual([route.id, 401]);
    }
  });

  it('keep people and tokens to administrators', async () => {
    const { cookie: admin } = await setUp();
    await send('POST', '/api/v1/people', { cookie: admin, body: { username: 'bob', password: PASSWORD, role: 'operator' } });
    const { cookie } = await send('POST', '/api/v1/session', { body: { username: 'bob', password: PASSWORD } });
    const guarded = signIn.routes.filter((route) => /\/(people|tokens)\b/.test(route.path));
    expect(guarded).toHaveLength(7);
    for (const route of guarded) {
      const answer = await send(route.method as Method, route.path.replaceAll(/\{\w+\}/g, 'x'), { cookie });
      expect([route.id, answer.status]).toEqual([route.id, 403]);
    }
  });

  it('take a bearer token for what its role allows, and never fall back to the cookie', async () => {
    const { cookie } = await setUp();
    const made = await send('POST', '/api/v1/tokens', { cookie, body: { name: 'ci', role: 'admin' } });
    const { token } = made.body as { token: string };
    expect((await send('GET', '/api/v1/people', { token })).status).toBe(200);
    expect((await send('GET', '/api/v1/session', { token })).body).toMatchObject({ person: null });
    expect((await send('GET', '/api/v1/people', { token: `${token}x`, cookie })).status).toBe(401);
    const basic = await app.inject({ url: '/api/v1/people', headers: { authorization: 'Basic YTpi', cookie } });
    expect(basic.statusCode).toBe(401);
  });

  it('recognise who asks for a console', async () => {
    const { cookie } = await setUp();
    const { secret } = await access.createToken({ name: 'ci', role: 'viewer', expiresInDays: null });
    const ask = (headers: Record<string, string>, isTls: boolean) =>
      signIn.authenticateUpgrade({ headers: { host: 'x', ...headers }, socket: isTls ? { encrypted: true } : {} } as never);
    expect(await ask({ cookie }, false)).toMatchObject({ name: 'ann' });
    expect(await ask({ cookie }, true)).toBeNull();
    expect(await ask({ cookie: `__Host-${cookie}` }, true)).toMatchObject({ name: 'ann' });
    expect(await ask({ cookie: `__Host-${cookie}` }, false)).toMatchObject({ name: 'ann' });
    expect(await ask({ authorization: `Bearer ${secret.reveal()}` }, false)).toMatchObject({ name: 'ci (token)' });
    expect(await ask({}, false)).toBeNull();
  });
});

describe('people and tokens', () => {
  it('are added, changed, listed and removed', async () => {
    const { cookie } = await setUp();
    const added = await send('POST', '/api/v1/people', { cookie, body: { username: 'bob', password: PASSWORD, role: 'viewer' } });
    expect(added).toMatchObject({ status: 201, body: { username: 'bob', role: 'viewer' } });
    const { id } = added.body as { id: string };
    expect((await send('PATCH', `/api/v1/people/${id}`, { cookie, body: { role: 'operator' } })).body).toMatchObject({ role: 'operator' });
    expect((await send('GET', '/api/v1/people', { cookie })).body).toMatchObject([
      { username: 'ann' },
      { username: 'bob', role: 'operator' },
    ]);
    expect(JSON.stringify((await send('GET', '/api/v1/people', { cookie })).body)).not.toContain(PASSWORD);
    expect((await send('DELETE', `/api/v1/people/${id}`, { cookie })).status).toBe(204);
    expect(await send('DELETE', `/api/v1/people/${id}`, { cookie })).toMatchObject({
      status: 404,
      body: { code: 'ACCESS_PERSON_UNKNOWN' },
    });
  });

  it('refuse a taken name and the loss of the last administrator', async () => {
    const { cookie, body } = await setUp();
    const { id } = (body as { person: { id: string } }).person;
    expect(await send('POST', '/api/v1/people', { cookie, body: { ...ADMIN, username: 'ANN', role: 'viewer' } })).toMatchObject({
      status: 409,
      body: { code: 'ACCESS_USERNAME_TAKEN' },
    });
    expect(await send('DELETE', `/api/v1/people/${id}`, { cookie })).toMatchObject({
      status: 409,
      body: { code: 'ACCESS_LAST_ADMINISTRATOR' },
    });
  });

  it('show a token once', async () => {
    const { cookie } = await setUp();
    const made = await send('POST', '/api/v1/tokens', { cookie, body: { name: 'ci', role: 'viewer', expires_in_days: 7 } });
    expect(made).toMatchObject({ status: 201, body: { name: 'ci', expires_at: '2026-01-08T00:00:00.000Z' } });
    const { id, token } = made.body as { id: string; token: string };
    expect(made.headers['cache-control']).toBe('no-store');
    const listed = await send('GET', '/api/v1/tokens', { cookie });
    expect(JSON.stringify(listed.body)).not.toContain(token);
    expect((await send('DELETE', `/api/v1/tokens/${id}`, { cookie })).status).toBe(204);
    expect(await access.findByToken(token)).toBeNull();
  });
});

describe('a configured start', () => {
  it('needs no first run', async () => {
    await access.ensureAdministrator({ username: 'root', password: new Secret(PASSWORD) });
    access.acceptToken({ token: new Secret('token-of-the-environment'), role: 'viewer' });
    expect((await send('GET', '/api/v1/session')).body).toMatchObject({ setup_required: false });
    expect((await send('POST', '/api/v1/session', { body: { username: 'root', password: PASSWORD } })).status).toBe(200);
    expect((await send('GET', '/api/v1/people', { token: 'token-of-the-environment' })).status).toBe(403);
  });
});
