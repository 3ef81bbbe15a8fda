import type { StepContext } from '../../plan/step.ts';
import type { CommandResult } from '../../ports/host-executor.ts';
import { toExitCode } from '../command/run-checked.ts';

const TIMEOUT_MS = 60_000;

/** Only what reads. Without hooks and helpers of the checkout: it may belong to somebody else than who runs this. */
export async function runGit(path: string, args: readonly string[], context: StepContext): Promise<CommandResult> {
  const safely = ['-c', `safe.directory=${path}`, '-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null'];
  const env = { GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0' };
  const argv = ['git', ...safely, '-C', path, ...args] as const;
  return await context.host.run({ argv: [...argv], env, timeoutMs: TIMEOUT_MS, weight: 'glance' }, { signal: context.signal });
}

/** The commit that is checked out at `path`; null when it is no checkout of its own. */
export async function readHead(path: string, context: StepContext): Promise<string | null> {
  // A folder inside of another checkout would answer for that one.
  if ((await context.host.files.stat(`${path}/.git`)) === null) return null;
  const result = await runGit(path, ['rev-parse', '--verify', 'HEAD'], context);
  return toExitCode(result) === 0 ? result.stdout.trim() : null;
}
