import type { Explanation } from '../../classify/failure.ts';
import type { NetworkRoom } from '../network-room.ts';
import type { AptLayout } from './apt-layout.ts';

const TIMEOUT_MS = 10_000;

/** Names whoever holds the lock, where the message does not: the kernel knows. */
export async function nameLockHolder(explanation: Explanation, layout: AptLayout, room: NetworkRoom): Promise<Explanation> {
  if (explanation.class !== 'wait-lock') return explanation;
  const { host, signal } = room;
  const known = explanation.lockHolder;
  if (known !== undefined && known.name !== '') return explanation;
  const pid = known?.pid ?? (await findPid(layout, room));
  if (pid === null) return explanation;
  const name = await host.run({ argv: ['cat', `/proc/${pid}/comm`], timeoutMs: TIMEOUT_MS, weight: 'glance' }, { signal });
  return { ...explanation, lockHolder: { pid, name: name.stdout.trim().slice(0, 64) } };
}

async function findPid(layout: AptLayout, { host, signal }: NetworkRoom): Promise<number | null> {
  const { adminFolder, archivesFolder, listsFolder } = layout;
  const paths = [`${adminFolder}/lock-frontend`, `${adminFolder}/lock`, `${listsFolder}/lock`, `${archivesFolder}/lock`];
  const inodes = await host.run({ argv: ['stat', '-c', '%i', ...paths], timeoutMs: TIMEOUT_MS, weight: 'glance' }, { signal });
  const locks = await host.run({ argv: ['cat', '/proc/locks'], timeoutMs: TIMEOUT_MS, weight: 'glance' }, { signal });
  return findLockOwner(locks.stdout, new Set(inodes.stdout.split('\n').filter((line) => line !== '')));
}

/** `1: POSIX  ADVISORY  WRITE 4711 08:01:131 0 EOF`; lines with an arrow wait themselves. */
export function findLockOwner(locks: string, inodes: ReadonlySet<string>): number | null {
  for (const line of locks.split('\n')) {
    const match = /^\d+: (?:POSIX|FLOCK|OFDLCK)\s+\S+\s+WRITE\s+(\d+) [0-9a-f]+:[0-9a-f]+:(\d+) /.exec(line);
    if (match?.[2] !== undefined && inodes.has(match[2])) return Number(match[1]);
  }
  return null;
}
