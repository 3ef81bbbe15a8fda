import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { HostTarget } from '@breakwater/host-config';
import { isOpsError, Secret } from '@breakwater/kernel';
import { createSshDoor, removeLeftFolders } from '@breakwater/ssh';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createBedFolder } from '../bed/host/bed-folder.ts';
import { type SshServer, startSshServer } from '../bed/host/ssh-server.ts';

const signal = new AbortController().signal;
const door = createSshDoor();
const folder = createBedFolder('door');
let sshd: SshServer;

beforeAll(async () => {
  sshd = await startSshServer();
});
afterAll(async () => {
  await sshd.stop();
  folder.remove();
});

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'none',
    (error: unknown) => (isOpsError(error) ? error.code : String(error)),
  );

let keys = 0;
function makeKey(options: { readonly passphrase?: string; readonly type?: string; readonly format?: string } = {}): string {
  const path = `${folder.path}/key-${++keys}`;
  const { format, passphrase = '', type = 'ed25519' } = options;
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-f', path, ...(format === undefined ? [] : ['-m', format])]);
  return path;
}

const fingerprintOf = (path: string): string => execFileSync('ssh-keygen', ['-lf', path]).toString().split(' ')[1] ?? '';
const leftFolders = (): readonly string[] => readdirSync(tmpdir()).filter((name) => name.startsWith(`breakwater-ssh-${process.pid}-`));

async function toTarget(): Promise<HostTarget> {
  const hostKey = await door.lookUpKey(sshd, { signal });
  const privateKey = new Secret(readFileSync(sshd.keyPath, 'utf8'));
  return { hostId: 'machine:s/vm-1', host: sshd.host, port: sshd.port, user: sshd.user, hostKey, privateKey };
}

describe('private keys', () => {
  test.each([{ type: 'ed25519' }, { type: 'ecdsa' }, { type: 'rsa', format: 'PEM' }])(
    '%o is taken, and told by its fingerprint',
    async (kind) => {
      const path = makeKey(kind);
      const key = await door.readPrivateKey(new Secret(readFileSync(path, 'utf8')), { passphrase: null, signal });
      expect(key.fingerprint).toBe(fingerprintOf(path));
    },
  );

  test('one that was pasted with the line ends of Windows and without the last one is taken', async () => {
    const text = readFileSync(makeKey(), 'utf8').trim().replaceAll('\n', '\r\n');
    expect(await door.readPrivateKey(new Secret(text), { passphrase: null, signal })).toMatchObject({ type: 'ssh-ed25519' });
  });

  test('a locked one needs its passphrase, and is unlocked afterwards', async () => {
    const locked = new Secret(readFileSync(makeKey({ passphrase: 'hunter twelve' }), 'utf8'));
    expect(await codeOf(door.readPrivateKey(locked, { passphrase: null, signal }))).toBe('HOST_LOGIN_PASSPHRASE');
    expect(await codeOf(door.readPrivateKey(locked, { passphrase: new Secret('wrong'), signal }))).toBe('HOST_LOGIN_PASSPHRASE');
    const { privateKey } = await door.readPrivateKey(locked, { passphrase: new Secret('hunter twelve'), signal });
    expect(await door.readPrivateKey(privateKey, { passphrase: null, signal })).toMatchObject({ type: 'ssh-ed25519' });
  });

  test.each([
    '',
    'nonsense',
    'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI x@y',
    '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----',
  ])('%j is none', async (text) => {
    expect(await codeOf(door.readPrivateKey(new Secret(text), { passphrase: null, signal }))).toBe('HOST_LOGIN_KEY_INVALID');
  });

  test('none is left on the disk', () => {
    expect(leftFolders()).toEqual([]);
  });
});

test('shows the strongest key of a host, and tells when nobody answers', async () => {
  const key = await door.lookUpKey(sshd, { signal });
  expect(`${key.type} ${key.key}`).toBe(sshd.hostKey);
  expect(await codeOf(door.lookUpKey({ host: '127.0.0.1', port: 1 }, { signal }))).toBe('HOST_SSH_UNREACHABLE');
  expect(await codeOf(door.lookUpKey({ host: '-oProxyCommand=x', port: 22 }, { signal }))).toBe('HOST_SSH_TARGET_INVALID');
});

test('opens a host with a key that is on no disk, and leaves nothing behind', async () => {
  const target = await toTarget();
  const host = await door.open(target, { signal });
  try {
    expect(host.hostId).toBe('machine:s/vm-1');
    const { stdout } = await host.run({ argv: ['echo', 'here'], timeoutMs: 10_000 }, { signal });
    expect(stdout).toBe('here\n');
    const [name = ''] = leftFolders();
    const files = readdirSync(`${tmpdir()}/${name}`);
    expect(files.toSorted()).toEqual(['agent', 'known_hosts', 'login.pub']);
    for (const file of ['known_hosts', 'login.pub']) expect(readFileSync(`${tmpdir()}/${name}/${file}`, 'utf8')).not.toContain('PRIVATE');
  } finally {
    await host.close();
  }
  expect(leftFolders()).toEqual([]);
});

test('lets nobody in whose key is another one than the confirmed', async () => {
  const target = await toTarget();
  const other = readFileSync(`${makeKey()}.pub`, 'utf8').split(' ');
  const hostKey = { ...target.hostKey, key: other[1] ?? '' };
  expect(await codeOf(door.open({ ...target, hostKey }, { signal }))).toBe('HOST_SSH_HOST_KEY');
  expect(await codeOf(door.open({ ...target, privateKey: new Secret(readFileSync(makeKey(), 'utf8')) }, { signal }))).toBe('HOST_SSH_AUTH');
  expect(leftFolders()).toEqual([]);
});

test('sees commands that a link which is no more has left running, and not itself', async () => {
  const target = await toTarget();
  const first = await door.open(target, { signal });
  const flag = `${folder.path}/hold`;
  writeFileSync(flag, '');
  const abandoned = first.run(
    { argv: ['sh', '-c', `while [ -e ${flag} ]; do sleep 0.1; done`], timeoutMs: 60_000, weight: 'long' },
    { signal },
  );
  const second = await door.open(target, { signal });
  try {
    await expect.poll(() => door.countLeftOvers(second, { signal })).toBe(1);
    execFileSync('rm', [flag]);
    await abandoned;
    await expect.poll(() => door.countLeftOvers(second, { signal })).toBe(0);
  } finally {
    await first.close();
    await second.close();
  }
});

test('folders that a killed process has left are removed at the next start', async () => {
  execFileSync('mkdir', [`${tmpdir()}/breakwater-ssh-999999999-abc`]);
  await removeLeftFolders();
  expect(readdirSync(tmpdir())).not.toContain('breakwater-ssh-999999999-abc');
});
