import {
  consoleSessionSchema,
  machineListSchema,
  operationListSchema,
  operationSchema,
  problemSchema,
  queueStatsSchema,
  resilienceHistorySchema,
  resilienceSchema,
  serverListSchema,
  serverResilienceSchema,
  serverSchema,
  serverStatsSchema,
  serverTestSchema,
  snapshotSchema,
} from '@breakwater/contract';
import { ManualClock, toMoid, toServerId } from '@breakwater/kernel';
import type { InjectOptions } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from './logger.ts';
import { makeMachine } from './testing/samples.ts';
import { createTestPortal, type TestPortal } from './testing/test-portal.ts';

let test: TestPortal;

beforeEach(() => {
  test = createTestPortal();
  test.fleet.seed({ id: 'a', name: 'esx-a' }, { machineCount: 3 });
  test.fleet.seed({ id: 'b', name: 'esx-b' }, { machineCount: 2 });
});

afterEach(async () => {
  await test.portal.close();
});

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

async function call(
  method: Method,
  url: string,
  options: { readonly as?: 'viewer' | 'operator' | 'admin'; readonly body?: unknown; readonly headers?: Record<string, string> } = {},
) {
  const request: InjectOptions = { method, url, headers: { ...test.as(options.as ?? 'admin'), ...options.headers } };
  const response = await test.portal.app.inject(options.body === undefined ? request : { ...request, payload: options.body as object });
  return {
    status: response.statusCode,
    headers: response.headers,
    text: response.body,
    bytes: response.rawPayload,
    json: () => response.json<unknown>(),
  };
}

const screen = { bytes: new Uint8Array([1, 2, 3]), mediaType: 'image/webp', hash: 'abcdef0123456789', ageMs: 4_200, isStale: false };
const machineOne = { serverId: toServerId('a'), moid: toMoid('1') };
const newServer = { name: 'New', host: 'esx-new.example.org', user: 'root', password: 'secret' };

describe('permissions', () => {
  it('says to strangers only that the program is there', async () => {
    for (const url of ['/api/v1/health', '/healthz', '/readyz', '/api/v1/session', '/openapi.json', '/docs']) {
      expect((await test.portal.app.inject({ url, headers: { host: 'localhost' } })).statusCode).toBe(200);
    }
    for (const url of [
      '/api/v1/servers',
      '/api/v1/vms',
      '/api/v1/snapshot',
      '/api/v1/events',
      '/api/v1/queue/stats',
      '/api/v1/screens/abcdef01',
      '/metrics',
    ]) {
      const response = await test.portal.app.inject({ url, headers: { host: 'localhost' } });
      expect(response.statusCode).toBe(401);
      expect(problemSchema.parse(response.json())).toMatchObject({ code: 'PORTAL_SIGN_IN_REQUIRED', status: 401 });
    }
  });

  it.each([
    ['viewer', 'POST', '/api/v1/servers/a/vms/1/power', { verb: 'reset' }],
    ['viewer', 'POST', '/api/v1/servers/a/retry', undefined],
    ['viewer', 'POST', '/api/v1/circuit-breaker/reset', {}],
    ['operator', 'POST', '/api/v1/servers', newServer],
    ['operator', 'DELETE', '/api/v1/servers/a', undefined],
    ['operator', 'POST', '/api/v1/servers/a/trust', { sha256: 'x' }],
    ['operator', 'POST', '/api/v1/servers/probe', { host: 'x' }],
  ] as const)('does not let a %s %s %s', async (role, method, url, body) => {
    const response = await call(method, url, { as: role, body });
    expect(response.status).toBe(403);
    expect(response.json()).toMatchObject({ code: 'PORTAL_FORBIDDEN', details: { role } });
    expect(test.fleet.calls).toEqual([]);
  });
});

describe('servers', () => {
  it('lists them as the contract says', async () => {
    const response = await call('GET', '/api/v1/servers', { as: 'viewer' });
    expect(serverListSchema.parse(response.json()).map((server) => server.name)).toEqual(['esx-a', 'esx-b']);
  });

  it('adds one with the defaults of spec 02 and never tells its password', async () => {
    const response = await call('POST', '/api/v1/servers', { body: newServer });
    expect(response.status).toBe(201);
    const server = serverSchema.parse(response.json());
    expect(response.headers.location).toBe(`/api/v1/servers/${server.id}`);
    expect(test.fleet.calls).toEqual([
      { name: 'addServer', input: { ...newServer, port: 443, verify_ssl: false, pinned_sha256: null, enabled: true } },
    ]);
    expect(response.text).not.toContain('secret');
    expect((await call('GET', `/api/v1/servers/${server.id}`)).status).toBe(200);
  });

  it('keeps what an update does not name', async () => {
    const response = await call('PUT', '/api/v1/servers/a', { body: { name: 'Renamed', password: '' } });
    expect(serverSchema.parse(response.json())).toMatchObject({ name: 'Renamed', host: '192.0.2.10' });
  });

  it('asks for the password again when the address changes', async () => {
    const response = await call('PUT', '/api/v1/servers/a', { body: { host: 'evil.example' } });
    expect([response.status, response.json()]).toMatchObject([422, { code: 'FLEET_PASSWORD_REQUIRED' }]);
  });

  it('removes one', async () => {
    expect((await call('DELETE', '/api/v1/servers/a')).json()).toEqual({ success: true });
    expect((await call('GET', '/api/v1/servers/a')).json()).toMatchObject({ code: 'FLEET_SERVER_UNKNOWN' });
  });

  it('tests known, candidate and unknown addresses', async () => {
    for (const [url, body] of [
      ['/api/v1/servers/a/test', undefined],
      ['/api/v1/servers/test', newServer],
      ['/api/v1/servers/probe', { host: 'esx-new.example.org' }],
    ] as const) {
      const response = await call('POST', url, { body });
      expect(serverTestSchema.parse(response.json()).success).toBe(true);
    }
    expect(test.fleet.calls.at(-1)).toEqual({ name: 'probeServer', input: { host: 'esx-new.example.org', port: 443 } });
  });

  it('pins a certificate and retries', async () => {
    const sha256 = Array.from({ length: 32 }, () => 'AB').join(':');
    expect(serverSchema.parse((await call('POST', '/api/v1/servers/a/trust', { body: { sha256 } })).json()).pinned_sha256).toBe(sha256);
    expect((await call('POST', '/api/v1/servers/a/retry', { as: 'operator' })).status).toBe(200);
    expect(test.fleet.calls).toEqual([{ name: 'retryServer', input: 'a' }]);
  });

  it('has no gauges until they are known', async () => {
    expect((await call('GET', '/api/v1/servers/a/stats')).json()).toMatchObject({ status: 404, code: 'PORTAL_STATS_UNKNOWN' });
    test.fleet.serverStats.set('a', { cpu: null, memory: null, datastores: [], hosts: [], cache_age: 3, error: null });
    expect(serverStatsSchema.parse((await call('GET', '/api/v1/servers/a/stats')).json()).cache_age).toBe(3);
  });
});

describe('machines', () => {
  it('lists those of one server and of all, with an ETag that answers 304', async () => {
    for (const [url, count] of [
      ['/api/v1/servers/a/vms', 3],
      ['/api/v1/vms', 5],
    ] as const) {
      const response = await call('GET', url, { as: 'viewer' });
      expect(machineListSchema.parse(response.json()).vms).toHaveLength(count);
      expect(response.headers['x-cache-age']).toBe('0');
      const again = await call('GET', url, { headers: { 'if-none-match': String(response.headers.etag) } });
      expect([again.status, again.text, again.headers['x-cache-age']]).toEqual([304, '', '0']);
    }
  });

  it('compresses a long list once and tells caches that it varies', async () => {
    test.fleet.seed({ id: 'big' }, { machineCount: 500 });
    const plain = await call('GET', '/api/v1/servers/big/vms');
    const packed = await call('GET', '/api/v1/servers/big/vms', { headers: { 'accept-encoding': 'gzip, br, zstd' } });
    expect(packed.headers).toMatchObject({ 'content-encoding': 'zstd', vary: 'accept-encoding' });
    expect(packed.bytes.length).toBeLessThan(plain.bytes.length / 5);
  });

  it.each(['group-v3/my machine', '1/2/3', 'a%2Fb', 'vm 1?#&=+', '%', '...', 'ünïcode-机器', "it's <b>", 'x'.repeat(250), '~!@$*();:,'])(
    'finds the machine whose id is %j',
    async (moid) => {
      test.fleet.changeMachine(makeMachine({ server_id: 'a', moid, name: 'odd' }));
      const response = await call('GET', `/api/v1/servers/a/vms/${encodeURIComponent(moid)}/thumbnail`);
      expect(response.json()).toMatchObject({ code: 'PORTAL_SCREEN_UNKNOWN' });
      const power = await call('POST', `/api/v1/servers/a/vms/${encodeURIComponent(moid)}/power`, { body: { verb: 'reset' } });
      expect(operationSchema.parse(power.json())).toMatchObject({ moid, server_id: 'a' });
    },
  );

  it('accepts a power act with 202 and tells where it goes on', async () => {
    const response = await call('POST', '/api/v1/servers/a/vms/1/power', { as: 'operator', body: { verb: 'shut_down_guest' } });
    expect(response.status).toBe(202);
    const operation = operationSchema.parse(response.json());
    expect(operation).toMatchObject({ kind: 'shut_down_guest', machine_name: 'a-vm-1', state: 'queued' });
    expect(response.headers.location).toBe(`/api/v1/operations/${operation.id}`);
    const found = await call('GET', String(response.headers.location), { as: 'viewer' });
    expect(operationSchema.parse(found.json())).toEqual(operation);
  });

  it('says why an act makes no sense', async () => {
    const response = await call('POST', '/api/v1/servers/a/vms/1/power', { body: { verb: 'power_on' } });
    expect([response.status, response.json()]).toMatchObject([409, { code: 'FLEET_POWER_REFUSED' }]);
  });

  it('pages through the journal', async () => {
    for (let index = 0; index < 5; index++) await call('POST', '/api/v1/servers/a/vms/1/power', { body: { verb: 'reset' } });
    await call('POST', '/api/v1/servers/b/vms/1/power', { body: { verb: 'reset' } });
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? '' : `&before=${cursor}`;
      const page = operationListSchema.parse((await call('GET', `/api/v1/operations?limit=2${query}`)).json());
      seen.push(...page.operations.map((operation) => operation.id));
      cursor = page.next_cursor;
    } while (cursor !== null);
    expect(new Set(seen).size).toBe(6);
    const own = operationListSchema.parse((await call('GET', '/api/v1/operations?server_id=b&moid=1')).json());
    expect(own.operations).toHaveLength(1);
  });
});

describe('screens', () => {
  it('sends the picture with its age and answers 304 while it is the same', async () => {
    test.fleet.changeScreen(machineOne, screen);
    const response = await call('GET', '/api/v1/servers/a/vms/1/thumbnail');
    expect(response.headers).toMatchObject({
      'content-type': 'image/webp',
      'x-cache': 'HIT',
      'x-cache-age': '4',
      etag: '"abcdef0123456789"',
    });
    expect([...response.bytes]).toEqual([1, 2, 3]);
    const again = await call('GET', '/api/v1/servers/a/vms/1/thumbnail', { headers: { 'if-none-match': '"abcdef0123456789"' } });
    expect(again.status).toBe(304);
  });

  it('marks an old picture as stale', async () => {
    test.fleet.changeScreen(machineOne, { ...screen, isStale: true });
    expect((await call('GET', '/api/v1/servers/a/vms/1/thumbnail')).headers['x-cache']).toBe('STALE');
  });

  it('serves a picture by its hash for ever, to signed-in people only', async () => {
    test.fleet.changeScreen(machineOne, screen);
    const response = await call('GET', `/api/v1/screens/${screen.hash}`, { as: 'viewer' });
    expect(response.headers['cache-control']).toBe('private, max-age=31536000, immutable');
    expect((await call('GET', '/api/v1/screens/0000000000000000')).status).toBe(404);
    expect((await call('GET', '/api/v1/servers/a/thumbnails/hashes')).json()).toEqual({ '1': screen.hash });
  });

  it('does not let the error for a missing picture be cached for ever', async () => {
    expect((await call('GET', '/api/v1/screens/0000000000000000')).headers['cache-control']).toBe('no-store');
  });
});

describe('addresses without a server', () => {
  it('work while the id is unique', async () => {
    test.fleet.changeScreen({ serverId: toServerId('a'), moid: toMoid('3') }, screen);
    expect((await call('GET', '/api/v1/vms/3/thumbnail')).status).toBe(200);
    expect(consoleSessionSchema.parse((await call('POST', '/api/v1/vms/3/console')).json()).vm_name).toBe('a-vm-3');
    expect((await call('GET', '/api/v1/vms/none/thumbnail')).json()).toMatchObject({ code: 'FLEET_MACHINE_UNKNOWN' });
  });

  it('name the servers when it is not', async () => {
    for (const [method, url] of [
      ['POST', '/api/v1/vms/1/console'],
      ['GET', '/api/v1/vms/1/thumbnail'],
    ] as const) {
      const response = await call(method, url);
      expect([response.status, response.json()]).toMatchObject([
        409,
        {
          code: 'PORTAL_MACHINE_AMBIGUOUS',
          details: {
            servers: [
              { id: 'a', name: 'esx-a' },
              { id: 'b', name: 'esx-b' },
            ],
          },
        },
      ]);
    }
  });
});

describe('consoles', () => {
  it('prepares one with the keys of spec 02', async () => {
    const response = await call('POST', '/api/v1/servers/a/vms/1/console', { as: 'operator' });
    const session = consoleSessionSchema.parse(response.json());
    expect(session).toMatchObject({ vm_name: 'a-vm-1', vm_moid: '1', view_only: false, expires_in: 180 });
    expect(session.ws_path).toBe(`/proxy/${session.session_id}`);
    expect(session.ws_url).toBe(`ws://localhost:5001/proxy/${session.session_id}`);
  });

  it('lets a viewer look on but not type', async () => {
    const [looking, typing] = await Promise.all([
      call('POST', '/api/v1/servers/a/vms/1/console', { as: 'viewer', body: { view_only: true } }),
      call('POST', '/api/v1/servers/a/vms/1/console', { as: 'viewer', body: {} }),
    ]);
    expect([looking.status, typing.status]).toEqual([200, 403]);
  });

  it('refuses a machine that is off', async () => {
    test.fleet.changeMachine(makeMachine({ server_id: 'a', moid: '1', power_state: 'poweredOff' }));
    const response = await call('POST', '/api/v1/servers/a/vms/1/console');
    expect([response.status, response.json()]).toMatchObject([409, { code: 'FLEET_MACHINE_OFF' }]);
  });

  it('names the door that the configuration asks for', async () => {
    const env = { WS_PROXY_PORT: '8765', BASE_PATH: '/vm', PUBLIC_URL: 'https://portal.example.org' };
    const other = createTestPortal({ env });
    other.fleet.seed({ id: 'a' }, { machineCount: 1 });
    const ask = async (host: string) => {
      const response = await other.portal.app.inject({
        method: 'POST',
        url: '/vm/api/v1/servers/a/vms/1/console',
        headers: { ...other.as('admin'), host },
      });
      return consoleSessionSchema.parse(response.json());
    };
    expect((await ask('localhost')).ws_url).toMatch(/^ws:\/\/localhost:8765\/vm\/proxy\//);
    expect(await ask('portal.example.org')).toMatchObject({
      ws_url: expect.stringMatching(/^wss:\/\/portal\.example\.org:8765\//) as string,
    });
    await other.portal.close();
  });
});

describe('protection', () => {
  it('tells the figures as the contract says', async () => {
    expect(queueStatsSchema.parse((await call('GET', '/api/v1/queue/stats', { as: 'viewer' })).json()).queue.max_concurrent).toBe(4);
  });

  it.each([undefined, {}, { server_id: 'a' }])('resets breakers and invalidates with the body %j', async (body) => {
    expect((await call('POST', '/api/v1/circuit-breaker/reset', { as: 'operator', body })).json()).toEqual({ status: 'reset' });
    expect((await call('POST', '/api/v1/background-refresh/invalidate', { as: 'operator', body })).json()).toMatchObject({ success: true });
    const id = body?.server_id ?? null;
    expect(test.fleet.calls).toEqual([
      { name: 'resetBreaker', input: id },
      { name: 'invalidate', input: id },
    ]);
  });

  it('tells how servers are protected, with presets, and what it did before', async () => {
    const answer = resilienceSchema.parse((await call('GET', '/api/v1/resilience', { as: 'viewer' })).json());
    expect(answer.servers.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(answer.presets.stabler.max_concurrent).toBe(3);
    expect(answer.limit_ranges.max_concurrent).toEqual({ min: 1, max: 32 });
    expect(answer.portal).toMatchObject({ database_bytes: null, sse_clients: 0, console_sessions: 0 });
    expect(answer.portal.memory_bytes).toBeGreaterThan(1_000_000);
    for (const span of ['1h', '24h']) {
      const response = await call('GET', `/api/v1/servers/a/resilience/history?span=${span}`, { as: 'viewer' });
      expect(resilienceHistorySchema.parse(response.json()).span).toBe(span);
    }
    expect((await call('GET', '/api/v1/servers/a/resilience/history?span=1y', { as: 'viewer' })).status).toBe(400);
    expect((await call('GET', '/api/v1/servers/zzz/resilience/history', { as: 'viewer' })).status).toBe(404);
  });

  it.each<[string, string, unknown, string, unknown]>([
    ['POST', 'circuit-breaker/trip', undefined, 'isolate', { reason: null, forMs: 900_000 }],
    ['POST', 'circuit-breaker/trip', { minutes: null, reason: 'firmware' }, 'isolate', { reason: 'firmware', forMs: null }],
    ['POST', 'circuit-breaker/trip', { mode: 'trip' }, 'trip', { reason: null }],
    ['POST', 'polling/pause', { minutes: 60 }, 'pausePolling', { forMs: 3_600_000 }],
    ['POST', 'polling/resume', undefined, 'resumePolling', {}],
    ['PUT', 'limits', { preset: 'stabler' }, 'setLimits', { preset: 'stabler', forMs: 900_000 }],
    ['PUT', 'limits', { limits: { max_concurrent: 2 }, minutes: 0.1 }, 'setLimits', { limits: { max_concurrent: 2 }, forMs: 6_000 }],
    ['DELETE', 'limits', undefined, 'revertLimits', {}],
  ])('%s %s with %j is for operators, and says who acts', async (method, path, body, name, expected) => {
    const url = `/api/v1/servers/a/${path}`;
    const given = body === undefined ? {} : { body };
    expect((await call(method as 'POST', url, { as: 'viewer', ...given })).status).toBe(403);
    expect(test.fleet.calls).toEqual([]);
    const response = await call(method as 'POST', url, { as: 'operator', ...given });
    expect(serverResilienceSchema.parse(response.json()).id).toBe('a');
    const [{ input, ...made } = { input: null }] = test.fleet.calls;
    expect(made).toEqual({ name });
    expect(input).toMatchObject({ id: 'a', options: { actor: expect.stringMatching(/./) as string, ...(expected as object) } });
    expect((await call(method as 'POST', url.replace('/a/', '/zzz/'), { as: 'operator', ...given })).status).toBe(404);
  });

  it.each([
    ['circuit-breaker/trip', { minutes: 1_441 }],
    ['circuit-breaker/trip', { minutes: 0 }],
    ['circuit-breaker/trip', { mode: 'forever' }],
    ['polling/pause', { minutes: '5' }],
    ['limits', {}],
    ['limits', { preset: 'small', limits: { max_concurrent: 1 } }],
    ['limits', { preset: 'enormous' }],
    ['limits', { limits: {} }],
    ['limits', { limits: { max_concurrent: 33 } }],
    ['limits', { limits: { min_interval_ms: -1 } }],
  ])('refuses %s with %j', async (path, body) => {
    const method = path === 'limits' ? 'PUT' : 'POST';
    expect((await call(method, `/api/v1/servers/a/${path}`, { as: 'operator', body })).status).toBe(400);
    expect(test.fleet.calls).toEqual([]);
  });

  it('resets one server by its own address too', async () => {
    expect((await call('POST', '/api/v1/servers/a/circuit-breaker/reset', { as: 'operator' })).status).toBe(200);
    expect(test.fleet.calls).toEqual([{ name: 'resetBreaker', input: 'a' }]);
  });

  it('gives its figures to tokens and administrators', async () => {
    const response = await call('GET', '/metrics', { as: 'viewer' });
    expect(response.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    for (const line of ['portal_host_breaker_state{host="esx-a",server_id="a"} 0', 'portal_sse_clients 0', 'portal_console_sessions 0']) {
      expect(response.text).toContain(`${line}\n`);
    }
    for (const line of response.text.trimEnd().split('\n')) {
      expect(line).toMatch(/^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{([a-z_]+="([^"\\]|\\.)*",?)+\})? -?[0-9.e+-]+)$/);
    }
  });

  it('tells whole histograms of waits and durations, each family once', async () => {
    const { text } = await call('GET', '/metrics', { as: 'viewer' });
    expect(text).toContain('portal_host_queue_wait_seconds_bucket{host="esx-a",server_id="a",class="LOW",le="+Inf"} 0\n');
    expect(text).toContain('portal_host_queue_wait_seconds_sum{host="esx-a",server_id="a",class="LOW"} 0\n');
    expect(text).toContain('# TYPE portal_host_request_duration_seconds histogram\n');
    const families = text.split('\n').filter((line) => line.startsWith('# TYPE'));
    expect(new Set(families).size).toBe(families.length);
  });

  it('gives OpenMetrics to who asks for it', async () => {
    const { text, headers } = await call('GET', '/metrics', {
      as: 'viewer',
      headers: { accept: 'application/openmetrics-text; version=1.0.0,text/plain;q=0.5' },
    });
    expect(headers['content-type']).toMatch(/^application\/openmetrics-text; version=1\.0\.0/);
    expect(text).toContain('# TYPE portal_host_requests counter\nportal_host_requests_total{host="esx-a"');
    expect(text.endsWith('# EOF\n')).toBe(true);
  });

  it('opens its figures to everybody only when told so', async () => {
    const open = createTestPortal({ env: { METRICS_PUBLIC: 'true' } });
    expect((await open.portal.app.inject({ url: '/metrics', headers: { host: 'localhost' } })).statusCode).toBe(200);
    await open.portal.close();
  });

  it('keeps a hostile server name inside its label', async () => {
    test.fleet.seed({ id: 'evil', name: 'a"} 1\nportal_fake 1 #\\' }, { machineCount: 0 });
    const { text } = await call('GET', '/metrics');
    expect(text).not.toMatch(/^portal_fake/m);
    expect(text).toContain('host="a\\"} 1\\nportal_fake 1 #\\\\"');
  });
});

describe('snapshot', () => {
  it('holds servers, machines, operations and where the stream goes on', async () => {
    await call('POST', '/api/v1/servers/a/vms/1/power', { body: { verb: 'reset' } });
    const response = await call('GET', '/api/v1/snapshot', { as: 'viewer' });
    const snapshot = snapshotSchema.parse(response.json());
    expect([snapshot.servers.length, snapshot.machines.length, snapshot.operations.length, snapshot.seq]).toEqual([2, 5, 1, 0]);
    const again = await call('GET', '/api/v1/snapshot', { headers: { 'if-none-match': String(response.headers.etag) } });
    expect(again.status).toBe(304);
  });

  it('is new as soon as something happens, even before a frame tells it', async () => {
    const before = await call('GET', '/api/v1/snapshot');
    test.fleet.changeMachine(makeMachine({ server_id: 'a', moid: '1', name: 'renamed' }));
    const after = await call('GET', '/api/v1/snapshot', { headers: { 'if-none-match': String(before.headers.etag) } });
    expect(after.status).toBe(200);
    expect(snapshotSchema.parse(after.json()).machines[0]?.name).toBe('renamed');
    await test.clock.advance(300);
    expect(snapshotSchema.parse((await call('GET', '/api/v1/snapshot')).json()).seq).toBeGreaterThan(0);
  });
});

describe('guards', () => {
  it('refuses foreign host names with a clear text, on every address but the probes', async () => {
    for (const url of ['/', '/api/v1/health', '/api/v1/servers', '/assets/x.js']) {
      const response = await test.portal.app.inject({ url, headers: { host: 'rebound.example' } });
      expect([response.statusCode, response.json<unknown>()]).toMatchObject([
        421,
        { code: 'PORTAL_HOST_REFUSED', details: { host: 'rebound.example' } },
      ]);
    }
    expect((await test.portal.app.inject({ url: '/healthz', headers: { host: 'rebound.example' } })).statusCode).toBe(200);
  });

  it('refuses unsafe requests from foreign pages and forms', async () => {
    const foreign = await call('POST', '/api/v1/servers/a/retry', { headers: { origin: 'http://evil.example' } });
    expect([foreign.status, foreign.json()]).toMatchObject([403, { code: 'PORTAL_ORIGIN_REFUSED' }]);
    const own = await call('POST', '/api/v1/servers/a/retry', { headers: { origin: 'http://localhost:5001' } });
    expect(own.status).toBe(200);
    const form = await test.portal.app.inject({
      method: 'POST',
      url: '/api/v1/session',
      headers: { host: 'localhost', 'content-type': 'text/plain' },
      payload: '{"username":"a","password":"b"}',
    });
    expect(form.json()).toMatchObject({ status: 415, code: 'PORTAL_MEDIA_TYPE_UNKNOWN' });
  });

  it('believes forwarded headers from trusted proxies only', async () => {
    const forwarded = { 'x-forwarded-host': 'portal.example.org', 'x-forwarded-proto': 'https', 'x-forwarded-for': '203.0.113.9' };
    const trusting = createTestPortal({ env: { TRUSTED_PROXIES: '127.0.0.1', ALLOWED_HOSTS: 'portal.example.org' } });
    const trusted = await trusting.portal.app.inject({ url: '/api/v1/health', headers: { host: 'upstream', ...forwarded } });
    expect(trusted.headers['strict-transport-security']).toBeDefined();
    const stranger = await trusting.portal.app.inject({
      url: '/api/v1/health',
      headers: { host: 'upstream', ...forwarded },
      remoteAddress: '10.9.9.9',
    });
    expect(stranger.statusCode).toBe(421);
    await trusting.portal.close();
  });

  it('puts its headers on every answer, also on errors and pages', async () => {
    for (const url of ['/', '/api/v1/health', '/api/v1/servers', '/nowhere', '/%zz']) {
      const { headers } = await test.portal.app.inject({ url, headers: { host: 'localhost' } });
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cross-origin-resource-policy': 'same-origin' });
      expect(headers['content-security-policy']).toMatch(/^default-src 'none'; .*frame-ancestors 'none'$/);
    }
  });

  it('serves everything below the base path and nothing beside it', async () => {
    const based = createTestPortal({ env: { BASE_PATH: '/vm' } });
    const statusOf = async (url: string) => (await based.portal.app.inject({ url, headers: { host: 'localhost' } })).statusCode;
    expect(await Promise.all(['/vm/api/v1/health', '/api/v1/health', '/vmx/api/v1/health', '/healthz'].map(statusOf))).toEqual([
      200, 404, 404, 200,
    ]);
    expect((await based.portal.app.inject({ url: '/vm/openapi.json', headers: { host: 'localhost' } })).json()).toMatchObject({
      servers: [{ url: '/vm' }],
    });
    await based.portal.close();
  });
});

describe('errors', () => {
  it('tells no foreign text and no stack, but logs both under the id that the client got', async () => {
    const lines: string[] = [];
    const logger = createLogger({ level: 'info', format: 'json', clock: new ManualClock(), write: (line) => lines.push(line) });
    const failing = createTestPortal({ logger });
    failing.fleet.queueStats = () => {
      throw new TypeError('cannot read /etc/secret of 10.0.0.1');
    };
    const response = await failing.portal.app.inject({ url: '/api/v1/queue/stats', headers: failing.as('viewer') });
    expect(response.statusCode).toBe(500);
    expect(response.body).not.toContain('secret');
    const problem = problemSchema.parse(response.json());
    expect(problem.code).toBe('PORTAL_INTERNAL');
    expect(response.headers['x-request-id']).toBe(problem.request_id);
    const entry = lines.find((line) => line.includes(problem.request_id));
    expect(entry).toContain('cannot read /etc/secret');
    expect(lines.join()).not.toContain('viewer-token');
    await failing.portal.close();
  });
});
