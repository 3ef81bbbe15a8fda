import type { StepContext } from '../../plan/step.ts';
import { toExitCode } from '../command/run-checked.ts';
import { readHead, runGit } from './git.ts';

/** What somebody has done in a checkout of `commit`, in words; null when nothing, or when it is no checkout any more. */
export async function findWork(
  checkout: { readonly path: string; readonly commit: string },
  context: StepContext,
): Promise<'changed files' | 'commits' | null> {
  const head = await readHead(checkout.path, context);
  if (head === null) return null;
  if (head !== checkout.commit) return 'commits';
  const status = await runGit(checkout.path, ['status', '--porcelain', '--untracked-files=normal'], context);
  return toExitCode(status) === 0 && status.stdout.trim() === '' ? null : 'changed files';
}
