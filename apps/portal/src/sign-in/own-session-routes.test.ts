import type { Access } from '@breakwater/access';
import { ManualClock, Secret, silentLogger } from '@breakwater/kernel';
import type { FastifyInstance } from 'fastify';
import { beforeEach, describe, expect, it } from 'vitest';
import { HttpFigures } from '../metrics/http-figures.ts';
import { createPortalApp } from '../portal-app.ts';
import { createTestAccess } from '../testing/test-portal.ts';
import { createSignIn } from './create-sign-in.ts';

const OLD = 'correct horse battery';
const NEW = 'a better horse battery';

let clock: ManualClock;
let access: Access;
let app: FastifyInstance;

beforeEach(async () => {
  clock = new ManualClock();
  access = createTestAccess(clock, silentLogger);
  const signIn = createSignIn({ access, clock, basePath: '', publicUrl: null, version: '1.2.3', isDemo: false });
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
  await access.ensureAdministrator({ username: 'ann', password: new Secret(OLD) });
  await access.addPerson({ username: 'vic', password: new Secret(OLD), role: 'viewer' });
});

async function send(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, options: { body?: unknown; headers: Record<string, string> }) {
  const type = options.body === undefined ? {} : { 'content-type': 'application/json' };
  const answer = await app.inject({
    method,
    url: `/api/v1/session${path}`,
    headers: { ...type, ...options.headers },
    ...(options.body === undefined ? {} : { payload: JSON.stringify(options.body) }),
  });
  const body: unknown = answer.body === '' ? null : answer.json();
  return { status: answer.statusCode, body, headers: answer.headers };
}

async function signIn(password = OLD, username = 'vic') {
  const { status, headers } = await send('POST', '', { body: { username, password }, headers: {} });
  return { status, headers: { cookie: String(headers['set-cookie'] ?? '').split(';')[0] ?? '' } };
}

type Entry = { readonly id: string; readonly current: boolean };
const list = async (headers: Record<string, string>) => (await send('GET', '/sessions', { headers })).body as readonly Entry[];

it('tells each session by browser and system, and keeps nothing else of what the browser says of itself', async () => {
  const { headers } = await signIn();
  const agent = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0';
  await send('POST', '', { body: { username: 'vic', password: OLD }, headers: { 'user-agent': agent } });
  const { body } = await send('GET', '/sessions', { headers });
  expect(body).toContainEqual(expect.objectContaining({ device: 'Firefox · Windows' }));
  expect(JSON.stringify(body)).not.toContain('140');
});

describe('changing the own password', () => {
  it('needs no role, keeps this session and ends the others', async () => {
    const { headers } = await signIn();
    const elsewhere = await signIn();
    const changed = await send('PUT', '/password', { body: { current_password: OLD, new_password: NEW }, headers });
    expect(changed).toMatchObject({ status: 204, body: null });
    expect((await send('GET', '/sessions', { headers })).status).toBe(200);
    expect((await send('GET', '/sessions', elsewhere)).status).toBe(401);
    expect((await signIn(OLD)).status).toBe(401);
    expect((await signIn(NEW)).status).toBe(200);
  });

  it('refuses a wrong current password as no sign-out, repeats neither password, and slows guessing down', async () => {
    const { headers } = await signIn();
    const wrong = () => send('PUT', '/password', { body: { current_password: 'guessed wrong', new_password: NEW }, headers });
    const first = await wrong();
    expect(first).toMatchObject({ status: 403, body: { code: 'ACCESS_PASSWORD_WRONG' } });
    expect(JSON.stringify(first.body)).not.toMatch(/guessed wrong|better horse/);
    for (let attempt = 0; attempt < 4; attempt++) await wrong();
    expect(await wrong()).toMatchObject({ status: 429, headers: { 'retry-after': '1' }, body: { code: 'ACCESS_TOO_MANY_ATTEMPTS' } });
    expect((await send('GET', '/sessions', { headers })).status).toBe(200);
  });

  it.each([
    ['a short one', { current_password: OLD, new_password: 'short' }],
    ['none', { current_password: OLD }],
    ['a number', { current_password: OLD, new_password: 1_234_567_890 }],
    ['one of 10 kB', { current_password: OLD, new_password: 'x'.repeat(10_000) }],
    ['a key too many', { current_password: OLD, new_password: NEW, role: 'admin' }],
  ])('refuses %s', async (_case, body) => {
    const { headers } = await signIn();
    expect(await send('PUT', '/password', { body, headers })).toMatchObject({ status: 400, body: { code: 'PORTAL_REQUEST_INVALID' } });
    expect((await signIn(OLD)).status).toBe(200);
  });
});

describe('own sessions', () => {
  it('are listed, ended one by one or all others at once, and never those of others', async () => {
    const { headers } = await signIn();
    const [second, third, ann] = [await signIn(), await signIn(), await signIn(OLD, 'ann')];
    const listed = await list(headers);
    expect(listed).toHaveLength(3);
    expect(listed.filter((session) => session.current)).toHaveLength(1);

    const ofSecond = (await list(second.headers)).find((session) => session.current)?.id ?? '';
    expect((await send('DELETE', `/sessions/${encodeURIComponent(ofSecond)}`, { headers })).status).toBe(204);
    expect((await send('GET', '/sessions', second)).status).toBe(401);

    const ofAnn = (await list(ann.headers))[0]?.id ?? '';
    expect(await send('DELETE', `/sessions/${encodeURIComponent(ofAnn)}`, { headers })).toMatchObject({
      status: 404,
      body: { code: 'ACCESS_SESSION_UNKNOWN' },
    });

    expect((await send('DELETE', '/sessions', { headers })).status).toBe(204);
    expect((await send('GET', '/sessions', third)).status).toBe(401);
    expect((await send('GET', '/sessions', ann)).status).toBe(200);
    expect(await list(headers)).toMatchObject([{ current: true }]);
  });

  it('and a password are what no API token has', async () => {
    const { headers: cookie } = await signIn(OLD, 'ann');
    const { secret } = await access.createToken({ name: 'ci', role: 'admin', expiresInDays: null });
    // The cookie beside it must not lend its session to the token.
    const headers = { ...cookie, authorization: `Bearer ${secret.reveal()}` };
    const answers = [
      await send('PUT', '/password', { body: { current_password: OLD, new_password: NEW }, headers }),
      await send('GET', '/sessions', { headers }),
      await send('DELETE', '/sessions', { headers }),
      await send('DELETE', '/sessions/x', { headers }),
    ];
    for (const answer of answers) expect(answer).toMatchObject({ status: 403, body: { code: 'PORTAL_SESSION_REQUIRED' } });
  });
});
