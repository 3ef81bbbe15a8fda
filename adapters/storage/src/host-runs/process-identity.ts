import { readFileSync } from 'node:fs';

export interface ProcessIdentity {
  readonly pid: number;
  /** Ticks since the boot. */
  readonly started: string;
  readonly bootId: string;
}

/** Null: there is no such process. */
export function identifyProcess(pid: number): ProcessIdentity | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of a program may hold spaces and brackets, so fields are counted behind the last bracket; 22 is the start time (proc(5)).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie does nothing any more.
    if (fields[0] === 'Z' || fields[0] === 'X') return null;
    return { pid, started: fields[19] ?? '', bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim() };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    // ESRCH: the process ended between opening and reading.
    if (code === 'ENOENT' || code === 'ESRCH') return null;
    throw error;
  }
}

export function isRunning({ bootId, pid, started }: ProcessIdentity): boolean {
  const now = identifyProcess(pid);
  return now !== null && now.started === started && now.bootId === bootId;
}
