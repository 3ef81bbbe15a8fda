import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AptRoot } from './apt-root.ts';

/** An installation by hand of the slow package and others, killed with all it has started so long after the slow script began. */
export async function killInstall(root: AptRoot, afterMs: number): Promise<void> {
  const child = spawn('apt-get', ['install', '-y', 'bed-slowpost', 'bed-app'], {
    env: { ...process.env, ...root.env },
    stdio: 'ignore',
    detached: true,
  });
  const mark = join(root.path, 'tmp/bed-slowpost');
  const until = Date.now() + 60_000;
  while (!existsSync(mark)) {
    if (Date.now() > until || child.exitCode !== null) throw new Error('The script of the slow package has not begun.');
    await wait(20);
  }
  await wait(afterMs);
  killTree(child.pid ?? 0);
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Ends apt and what it started; dpkg has a session of its own. */
function killTree(pid: number): void {
  const children = readChildren(pid);
  for (const child of children) if (child !== '') killTree(Number(child));
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function readChildren(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  } catch {
    // It has ended by itself.
    return [];
  }
}
