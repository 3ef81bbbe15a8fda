import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createBedFolder } from '../../bed/host/bed-folder.ts';

const ROOT = join(import.meta.dirname, '../../..');
const CALLS = 7;

export interface CliFigures {
  /** Of `node` with nothing to do. */
  readonly nodeMs: number;
  /** Of a whole call that needs a service whose breaker is open. */
  readonly refusedMs: number;
}

/** Medians of whole processes. */
export function measureCli(): CliFigures {
  const folder = createBedFolder('cli');
  const options = ['--conditions=@breakwater/source', '--disable-warning=ExperimentalWarning'];
  const call = (...args: readonly string[]): number | null => {
    const main = join(ROOT, 'apps/host-config/src/main.ts');
    return spawnSync(process.execPath, [...options, main, ...args, '--state-dir', folder.path], { stdio: 'ignore' }).status;
  };
  try {
    if (call('circuit-breaker', 'trip', 'github', '--for', '1h') !== 0) throw new Error('The breaker could not be opened.');
    const nodeMs = toMedianMs(() => spawnSync(process.execPath, ['--eval', '0']));
    const refusedMs = toMedianMs(() => {
      if (call('health', '--service', 'github') !== 75) throw new Error('The call did not end as one does whose service is down.');
    });
    return { nodeMs, refusedMs };
  } finally {
    folder.remove();
  }
}

function toMedianMs(act: () => void): number {
  const took = Array.from({ length: CALLS }, () => {
    const startedAtMs = performance.now();
    act();
    return performance.now() - startedAtMs;
  });
  return took.toSorted((one, two) => one - two)[Math.floor(CALLS / 2)] ?? 0;
}
