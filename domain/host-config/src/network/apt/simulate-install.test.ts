import { describe, expect, it } from 'vitest';
import { findLockOwner } from './lock-holder.ts';
import { isPackageOrder } from './package-states.ts';
import { parseSimulation } from './simulate-install.ts';

describe('a simulation of apt', () => {
  it('tells what comes, what becomes newer and what goes', () => {
    const text = [
      'Remv exim4:amd64 [4.96]',
      'Inst libc6 [2.36-9] (2.36-10 Debian:12/stable [amd64]) []',
      'Inst hello:i386 (2.10-3 Debian:12/stable [i386])',
      'Conf hello:i386 (2.10-3 Debian:12/stable [i386])',
    ].join('\n');
    expect(parseSimulation(text)).toEqual({
      changes: [
        { name: 'libc6', before: '2.36-9', after: '2.36-10' },
        { name: 'hello', before: null, after: '2.10-3' },
      ],
      removals: ['exim4'],
    });
  });
});

describe('what is asked of apt', () => {
  it.each(['g++', 'libc6:amd64', 'hello=2.10-3+b1', 'vim/stable', '0ad'])('%s is a package', (order) => {
    expect(isPackageOrder(order)).toBe(true);
  });

  it.each(['', '-y', '--allow-unauthenticated', 'vim-', 'a b', 'vim;reboot', '/tmp/x.deb', './x.deb', 'Vim', 'vim=$(id)'])(
    '"%s" is none',
    (order) => {
      expect(isPackageOrder(order)).toBe(false);
    },
  );
});

it('the holder of a lock is the one that the kernel names, not one that waits', () => {
  const locks = [
    '1: FLOCK  ADVISORY  WRITE 11 08:01:100 0 EOF',
    '2: -> POSIX  ADVISORY  WRITE 12 08:01:131 0 EOF',
    '3: POSIX  ADVISORY  READ  13 08:01:131 0 EOF',
    '4: POSIX  ADVISORY  WRITE 14 08:01:131 0 EOF',
  ].join('\n');
  expect(findLockOwner(locks, new Set(['131']))).toBe(14);
  expect(findLockOwner(locks, new Set(['999']))).toBeNull();
});
