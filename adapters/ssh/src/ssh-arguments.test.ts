import { expect, test } from 'vitest';
import { createSshArguments } from './ssh-arguments.ts';

const target = { host: '10.0.0.7', user: 'root', knownHostsPath: '/var/lib/x y/50%/known_hosts' };

test('believes one file only and asks nothing', () => {
  const args = createSshArguments({ ...target, keyPath: '/keys/a' });
  expect(args.slice(-6)).toEqual(['-p', '22', '-l', 'root', '--', '10.0.0.7']);
  for (const each of [
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    'GlobalKnownHostsFile=/dev/null',
    'ConnectTimeout=10',
    'IdentitiesOnly=yes',
  ]) {
    expect(args).toContain(each);
  }
  expect(args).toContain('UserKnownHostsFile="/var/lib/x y/50%%/known_hosts"');
});

test.each([
  { ...target, host: '-oProxyCommand=evil' },
  { ...target, host: 'a b' },
  { ...target, host: '' },
  { ...target, user: '-l' },
  { ...target, user: 'a;b' },
  { ...target, port: 0 },
  { ...target, knownHostsPath: '/a"b' },
])('refuses what ssh could take for something else: %o', (bad) => {
  expect(() => createSshArguments(bad)).toThrow(expect.objectContaining({ code: 'HOST_SSH_TARGET_INVALID' }));
});
