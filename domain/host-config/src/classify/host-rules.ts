import type { Rule } from './rule.ts';

/** What any tool says when this host itself is short of something. */
export const HOST_RULES: readonly Rule[] = [
  {
    code: 'disk.full',
    class: 'local',
    pattern: /No space left on device|Disk quota exceeded|You don't have enough free space in ([^\n]+?)\.?(?:\n|$)/,
    cause: (match) => (match[1] === undefined ? 'A disk of this host is full.' : `There is not enough free space in ${match[1]}.`),
    hint: 'Free some space ("df -h" shows the full file system, "apt-get clean" empties the package cache), then run it again.',
  },
  {
    code: 'disk.readonly',
    class: 'local',
    pattern: /Read-only file system/,
    cause: 'A file system of this host is mounted read-only.',
    hint: 'Look at "dmesg" and "mount": after an error of the disk Linux mounts it read-only. Mend the disk, mount it read-write, then run it again.',
  },
  {
    code: 'disk.error',
    class: 'local',
    pattern: /Input\/output error/,
    cause: 'A disk of this host gives input/output errors.',
    hint: 'Look at "dmesg" and at the health of the disk before anything else is written.',
  },
  {
    code: 'memory.full',
    class: 'local',
    pattern: /Cannot allocate memory|[Oo]ut of memory/,
    cause: 'This host has run out of memory.',
    hint: 'Stop something or add swap, then run it again.',
  },
];
