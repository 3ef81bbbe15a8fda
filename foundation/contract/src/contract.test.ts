import { expect, test } from 'vitest';
import {
  hostLoginCreateSchema,
  hostLoginSchema,
  hostSetupCreateSchema,
  serverCreateSchema,
  serverUpdateSchema,
  setupRequestSchema,
  usernameSchema,
  visibleRequestSchema,
} from './index.ts';

const server = { name: 'esx-01', host: '10.0.0.1', user: 'root', password: 'x' };

test('a server needs only name, address and credentials; the rest has defaults', () => {
  expect(serverCreateSchema.parse(server)).toEqual({ ...server, port: 443, verify_ssl: false, pinned_sha256: null, enabled: true });
});

test.each([
  ['https://10.0.0.1', 'a URL'],
  ['10.0.0.1/sdk', 'a path'],
  ['root@10.0.0.1', 'credentials'],
  ['a b', 'a space'],
  ['', 'nothing'],
  ['x'.repeat(254), 'too much'],
])('the host %j is refused (%s)', (host) => {
  expect(serverCreateSchema.safeParse({ ...server, host }).success).toBe(false);
});

test.each(['esx.example.org', '2001:db8::1', 'srv_1'])('the host %s is accepted', (host) => {
  expect(serverCreateSchema.safeParse({ ...server, host }).success).toBe(true);
});

test('unknown keys are refused, so that a misspelt option is not silently ignored', () => {
  expect(serverCreateSchema.safeParse({ ...server, verifySsl: true }).success).toBe(false);
  expect(serverUpdateSchema.safeParse({ nmae: 'x' }).success).toBe(false);
});

test('names may hold any script but no control characters or direction overrides', () => {
  expect(serverCreateSchema.safeParse({ ...server, name: 'Сервер №1 «Ñandú» 🚢' }).success).toBe(true);
  expect(serverCreateSchema.safeParse({ ...server, name: 'a\nb' }).success).toBe(false);
  expect(serverCreateSchema.safeParse({ ...server, name: 'a\u202Eb' }).success).toBe(false);
});

test('people sign in with short names of any script and passwords of ten characters or more', () => {
  expect(usernameSchema.safeParse('мария').success).toBe(true);
  expect(usernameSchema.safeParse('a b').success).toBe(false);
  expect(setupRequestSchema.safeParse({ token: 't', username: 'a', password: 'too short' }).success).toBe(false);
});

test('a viewer cannot claim to look at more machines than fit any screen', () => {
  const machines = Array.from({ length: 501 }, (_, index) => ({ server_id: 's', moid: String(index) }));
  expect(visibleRequestSchema.safeParse({ machines }).success).toBe(false);
});

test('a set-up needs a machine, an address and a login, and goes to port 22 without waiting for a start', () => {
  const setup = { server_id: 's', moid: 'vm-1', host: '10.0.0.7', login_id: 'l' };
  expect(hostSetupCreateSchema.parse(setup)).toEqual({ ...setup, port: 22, profile: null, config: '', boot_wait_seconds: 0 });
});

test('a login takes a key and shows none', () => {
  const login = { name: 'root', user: 'root', private_key: 'x' };
  expect(hostLoginCreateSchema.parse(login)).toEqual({ ...login, passphrase: null });
  expect(Object.keys(hostLoginSchema.shape)).not.toContain('private_key');
  for (const user of ['-oProxyCommand=x', 'a b', '', 'x'.repeat(33)]) {
    expect(hostLoginCreateSchema.safeParse({ ...login, user }).success).toBe(false);
  }
});
