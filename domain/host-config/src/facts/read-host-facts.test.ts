import { expect, test } from 'vitest';
import { type CommandScript, MemoryHost } from '../testing/memory-host.ts';
import { readHostFacts } from './read-host-facts.ts';

const FILES = {
  '/usr/lib/os-release': 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nID=debian\n',
  '/etc/hostname': 'web\n',
  '/etc/machine-id': '0123456789abcdef0123456789abcdef\n',
  '/proc/meminfo': 'MemTotal:        2048000 kB\nMemFree: 1 kB\n',
  '/run/systemd/system/x': '',
};

const ANSWERS: Readonly<Record<string, string>> = {
  'dpkg --print-architecture': 'amd64\n',
  'id -u': '0\n',
  'df -Pm /': 'Filesystem 1048576-blocks Used Available Capacity Mounted on\n/dev/sda1 20000 5000 15000 25% /\n',
  'printenv SSH_CONNECTION': '203.0.113.9 50000 192.0.2.1 2222\n',
  'sshd -T': 'port 22\naddressfamily any\n',
  'uname -n': 'from-the-kernel\n',
};

const answering =
  (answers: Readonly<Record<string, string>>): CommandScript =>
  ({ argv }) => {
    const stdout = answers[argv.join(' ')];
    return stdout === undefined ? { exitCode: 1 } : { stdout };
  };

const read = async (files: Readonly<Record<string, string>>, answers: Readonly<Record<string, string>>) =>
  await readHostFacts(new MemoryHost({ files, scripts: [answering(answers)] }), { signal: new AbortController().signal });

test('a host tells what a plan depends on', async () => {
  expect(await read(FILES, ANSWERS)).toEqual({
    hostname: 'web',
    osId: 'debian',
    osVersion: '12',
    osCodename: 'bookworm',
    architecture: 'amd64',
    isRoot: true,
    hasSystemd: true,
    machineId: '0123456789abcdef0123456789abcdef',
    memoryMib: 2_000,
    rootFreeMib: 15_000,
    sshPort: 2_222,
  });
});

test('the port of sshd stands in where sudo has dropped that of the session', async () => {
  const { 'printenv SSH_CONNECTION': _dropped, ...rest } = ANSWERS;
  expect((await read(FILES, rest)).sshPort).toBe(22);
});

test('a bare chroot tells little, and that is no failure', async () => {
  expect(await read({}, { 'uname -n': 'kernel\n' })).toEqual({
    hostname: 'kernel',
    osId: '',
    osVersion: '',
    osCodename: '',
    architecture: '',
    isRoot: false,
    hasSystemd: false,
    machineId: null,
    memoryMib: 0,
    rootFreeMib: 0,
    sshPort: null,
  });
});
