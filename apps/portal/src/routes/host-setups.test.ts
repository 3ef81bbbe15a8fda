import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import {
  hostKeySchema,
  hostLoginListSchema,
  hostProfileListSchema,
  hostSetupListSchema,
  hostSetupSchema,
  type Role,
} from '@breakwater/contract';
import type { InjectOptions } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestPortal, type TestPortal } from '../testing/test-portal.ts';

const KEY = '-----BEGIN OPENSSH PRIVATE KEY-----\ncanary-7f3a\n-----END OPENSSH PRIVATE KEY-----\n';
const MACHINE = { server_id: 'a', moid: '1', host: '10.0.0.7' };
const CONFIG = 'modules: { enabled: [system_base], system_base: { hostname: web-1 } }';

let test: TestPortal;

beforeEach(() => {
  test = createTestPortal();
  test.fleet.seed({ id: 'a' }, { machineCount: 1 });
});

afterEach(() => test.portal.close());

async function call(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, options: { readonly as?: Role; readonly body?: object } = {}) {
  const request: InjectOptions = { method, url: `/api/v1${path}`, headers: test.as(options.as ?? 'operator') };
  return await test.portal.app.inject(options.body === undefined ? request : { ...request, payload: options.body });
}

async function addLogin(): Promise<string> {
  const added = await call('POST', '/host-logins', { as: 'admin', body: { name: 'root', user: 'root', private_key: KEY } });
  expect(added.statusCode).toBe(201);
  return added.json<{ id: string }>().id;
}

async function trust(): Promise<void> {
  const { fingerprint } = hostKeySchema.parse((await call('POST', '/host-keys/look-up', { body: MACHINE })).json());
  const trusted = await call('POST', '/host-keys/trust', { body: { ...MACHINE, fingerprint } });
  expect(trusted.json()).toMatchObject({ status: 'trusted', trusted: { fingerprint } });
}

async function ended(id: string) {
  for (let turn = 0; turn < 2_000; turn++) {
    const setup = hostSetupSchema.parse((await call('GET', `/host-setups/${id}`)).json());
    if (!setup.actions.includes('cancel')) return setup;
    // Hashes are made in other threads.
    await turnOfTheLoop();
    await test.clock.advance(100);
  }
  throw new Error('It does not end.');
}

describe('setting machines up', () => {
  it('goes from a login and a confirmed key over a plan to the end, and back', async () => {
    const login_id = await addLogin();
    await trust();
    const begun = await call('POST', '/host-setups', { body: { ...MACHINE, login_id, config: CONFIG } });
    expect(begun.statusCode).toBe(202);
    const { id } = hostSetupSchema.parse(begun.json());
    expect(begun.headers['location']).toBe(`/api/v1/host-setups/${id}`);
    const planned = await ended(id);
    expect(planned).toMatchObject({ state: 'planned', actions: ['apply'] });
    const applied = await call('POST', `/host-setups/${id}/apply`, { body: { plan_hash: planned.plan_hash, accept_dangers: true } });
    expect(applied.statusCode).toBe(202);
    expect(await ended(id)).toMatchObject({ state: 'succeeded', actions: ['roll_back'] });
    expect(test.hosts.debian.host.text('/etc/hostname')).toBe('web-1\n');
    const operations = await call('GET', '/operations', { as: 'viewer' });
    expect(operations.json().operations.map(({ kind }: { kind: string }) => kind)).toEqual([
      'host.apply',
      'host.plan',
      'host.trust_key',
      'host.add_login',
    ]);
    expect(operations.payload).not.toContain('canary-7f3a');
    expect((await call('POST', `/host-setups/${id}/roll-back`)).statusCode).toBe(202);
    expect(await ended(id)).toMatchObject({ state: 'rolled_back' });
    const { host_setups: rows } = hostSetupListSchema.parse((await call('GET', '/host-setups?server_id=a&moid=1')).json());
    expect(rows).toMatchObject([{ id, state: 'rolled_back' }]);
    expect(Object.keys(rows[0] ?? {})).not.toContain('plan');
  });

  it.each([
    ['GET', '/host-logins', undefined],
    ['GET', '/host-profiles', undefined],
    ['GET', '/host-setups', undefined],
    ['GET', '/host-setups/x', undefined],
    ['POST', '/host-keys/look-up', MACHINE],
    ['POST', '/host-setups', { ...MACHINE, login_id: 'x' }],
    ['POST', '/host-setups/x/apply', { plan_hash: 'x' }],
    ['POST', '/host-setups/x/cancel', undefined],
    ['POST', '/host-setups/x/resume', undefined],
    ['POST', '/host-setups/x/roll-back', undefined],
  ] as const)('%s %s is not for those who only look', async (method, path, body) => {
    expect((await call(method, path, { as: 'viewer', ...(body === undefined ? {} : { body }) })).statusCode).toBe(403);
  });

  it('logins are changed by administrators only, chosen by operators, and their keys are read by nobody', async () => {
    const body = { name: 'root', user: 'root', private_key: KEY };
    expect((await call('POST', '/host-logins', { body })).statusCode).toBe(403);
    const id = await addLogin();
    expect((await call('PUT', `/host-logins/${id}`, { body: { name: 'x' } })).statusCode).toBe(403);
    expect((await call('DELETE', `/host-logins/${id}`)).statusCode).toBe(403);
    const listed = await call('GET', '/host-logins');
    expect(hostLoginListSchema.parse(listed.json()).host_logins).toMatchObject([
      { id, name: 'root', user: 'root', key_type: 'ssh-ed25519' },
    ]);
    expect(listed.payload).not.toContain('canary-7f3a');
    const renamed = await call('PUT', `/host-logins/${id}`, { as: 'admin', body: { name: 'ops' } });
    expect(renamed.json()).toMatchObject({ id, name: 'ops', user: 'root' });
    expect((await call('DELETE', `/host-logins/${id}`, { as: 'admin' })).statusCode).toBe(204);
    expect((await call('DELETE', `/host-logins/${id}`, { as: 'admin' })).statusCode).toBe(404);
  });

  it.each([
    [{ name: 'a', user: 'root', private_key: 'nonsense' }, 422, 'HOST_LOGIN_KEY_INVALID'],
    [{ name: 'a', user: '-x', private_key: KEY }, 400, 'PORTAL_REQUEST_INVALID'],
    [{ name: 'a', user: 'root', private_key: 'x'.repeat(20_000) }, 400, 'PORTAL_REQUEST_INVALID'],
  ])('a login that cannot be used is refused: %#', async (body, status, code) => {
    const refused = await call('POST', '/host-logins', { as: 'admin', body });
    expect([refused.statusCode, refused.json().code]).toEqual([status, code]);
  });

  it('a wrong configuration is refused with its place, before the machine is asked', async () => {
    const login_id = await addLogin();
    await trust();
    const refused = await call('POST', '/host-setups', {
      body: { ...MACHINE, login_id, config: 'modules:\n  enabled: [system_base]\n  system_base: { hostnam: x }' },
    });
    expect(refused.statusCode).toBe(422);
    expect(refused.json()).toMatchObject({
      code: 'HOST_CONFIG_INVALID',
      details: { problems: [expect.stringMatching(/config:3:\d+:.*Did you mean hostname/)] },
    });
    expect(test.hosts.door.opened).toEqual([]);
  });

  it('a machine whose key nobody has confirmed, and one that is not there, are refused', async () => {
    const login_id = await addLogin();
    expect((await call('POST', '/host-setups', { body: { ...MACHINE, login_id, profile: 'minimal' } })).json().code).toBe(
      'HOST_KEY_UNCONFIRMED',
    );
    const nowhere = await call('POST', '/host-setups', { body: { ...MACHINE, moid: '9', login_id, profile: 'minimal' } });
    expect([nowhere.statusCode, nowhere.json().code]).toEqual([404, 'FLEET_MACHINE_UNKNOWN']);
  });

  it('tells what a machine can be set up as', async () => {
    const { modules, profiles } = hostProfileListSchema.parse((await call('GET', '/host-profiles')).json());
    expect(profiles.map(({ name }) => name)).toEqual(['minimal', 'server', 'docker-host', 'dev']);
    expect(modules.map(({ name }) => name)).toContain('docker');
  });
});
