import { readdirSync, readFileSync } from 'node:fs';

/** Signals every process of the group. */
export function signalGroup(groupId: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-groupId, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // None is left, or those that are left belong to another user, as after `sudo`.
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}

/** Whether a process of the group still does something. In a container the dead may lie uncollected for ever, and to signals they are there. */
export function isGroupAlive(groupId: number): boolean {
  return readdirSync('/proc').some((name) => /^\d+$/.test(name) && isAliveIn(name, groupId));
}

function isAliveIn(pid: string, groupId: number): boolean {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    // It has ended meanwhile.
    return false;
  }
  // proc_pid_stat(5): `pid (name) state parent group`, and the name may hold anything.
  const [state = '', , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(group) === groupId && state !== 'Z' && state !== 'X';
}
