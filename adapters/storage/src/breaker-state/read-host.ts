import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Clock } from '@breakwater/kernel';
import type { KeptHost } from '@breakwater/resilience';

/** Who this computer and this process are. On systems without `/proc` a process is told apart by its number only. */
export function readHost(clock: Clock): KeptHost {
  const bootId = readLine('/proc/sys/kernel/random/boot_id') ?? 'unknown';
  return {
    machineId: readLine('/etc/machine-id') ?? hostname(),
    pid: process.pid,
    // CLOCK_MONOTONIC, which all processes of one boot share; the kernel's clock begins anew with each process.
    now: () => ({ bootId, monotonicMs: Number(process.hrtime.bigint() / 1_000n) / 1_000, wallMs: clock.wall() }),
    startOf: readStart,
  };
}

/** Field 22 of proc_pid_stat(5), in clock ticks since the boot. The name before it may hold spaces and brackets. */
function readStart(pid: number): string | null {
  const stat = readLine(`/proc/${pid}/stat`);
  if (stat !== null) return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  if (readLine('/proc/self/stat') !== null) return null;
  try {
    process.kill(pid, 0);
    return 'alive';
  } catch (error) {
    // Not ours to signal, but there.
    return error instanceof Error && 'code' in error && error.code === 'EPERM' ? 'alive' : null;
  }
}

function readLine(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}
