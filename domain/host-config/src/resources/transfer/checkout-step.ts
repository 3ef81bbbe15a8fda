import { OpsError } from '@breakwater/kernel';
import type { ApplyContext, Change, Step, StepContext } from '../../plan/step.ts';
import { findAccount } from '../account/read-accounts.ts';
import { runChecked, toExitCode } from '../command/run-checked.ts';
import { ensureParents } from '../file/ensure-parents.ts';
import { readHead, runGit } from './git.ts';
import { toNetworkError } from './network-error.ts';
import { clearStaging, putStaged } from './put-tree.ts';

export interface CheckoutStepOptions {
  readonly url: string;
  readonly path: string;
  /** Pinned: HEAD is this commit and nothing else. */
  readonly commit?: string;
  /** Without a commit: whatever the branch is when it is cloned; a checkout that is there is left alone. */
  readonly branch?: string;
  /** Default 1; 0 takes the whole history. */
  readonly depth?: number;
  /** Who may work in it; default root. */
  readonly owner?: string;
  readonly service: string;
  readonly isOptional?: boolean;
}

const CHOWN_TIMEOUT_MS = 60_000;

/** A git checkout. One in which somebody has worked is never replaced. */
export function createCheckoutStep(options: CheckoutStepOptions): Step {
  const { path, service, url } = options;
  return {
    id: `checkout:${path}`,
    title: `Check out ${url} to ${path}`,
    lane: { kind: 'service', service },
    ...(options.isOptional === true ? { isOptional: true } : {}),
    plan: async (context) => await compare(options, context),
    async apply(context) {
      await ensureParents(path, context);
      const staging = await clearStaging(path, context);
      const commit = await clone(options, { ...context, staging });
      if (options.owner !== undefined) await giveTo(options.owner, staging, context);
      await putStaged({ path, staging, commit }, context);
    },
  };
}

async function compare(options: CheckoutStepOptions, context: StepContext): Promise<Change | null> {
  const { branch, commit, path, url } = options;
  const facts = await context.host.files.stat(path);
  const head = facts === null ? null : await readHead(path, context);
  const wanted = commit ?? branch ?? 'the default branch';
  const fetches = [{ kind: 'checkout', url, commit: commit ?? null, branch: branch ?? null, depth: options.depth ?? 1 }] as const;
  if (facts === null) {
    return { summary: `clone ${url} (${wanted}) to ${path}`, details: [{ kind: 'download', url, path }], dangers: [], fetches };
  }
  if (head === null) throw notACheckout(path);
  if (commit === undefined || head === commit) return null;
  const status = await runGit(path, ['status', '--porcelain'], context);
  if (toExitCode(status) !== 0 || status.stdout.trim() !== '') {
    throw new OpsError({
      code: 'HOST_CHECKOUT_DIRTY',
      message: `${path} has changes that are in no commit; it is not replaced.`,
      details: { path, hint: 'Commit and push them, or put them away.' },
    });
  }
  return {
    summary: `bring ${path} from ${head.slice(0, 12)} to ${commit.slice(0, 12)}`,
    details: [{ kind: 'download', url, path }],
    dangers: [`${path} is replaced; commits that are nowhere else stay only in the copy beside it.`],
    fetches,
  };
}

function notACheckout(path: string): OpsError {
  return new OpsError({
    code: 'HOST_FILE_KIND',
    message: `${path} is there and is no git checkout; it is not replaced.`,
    details: { path, hint: 'Move it away, or choose another path.' },
  });
}

async function clone(options: CheckoutStepOptions, context: ApplyContext & { readonly staging: string }): Promise<string> {
  const { branch, commit, depth, url } = options;
  const outcome = await context.network.gitCloneResilient({
    url,
    dest: context.staging,
    ...(depth === undefined ? {} : { depth }),
    ...(branch === undefined ? {} : { branch }),
    ...(commit === undefined ? {} : { commit }),
  });
  if (!outcome.ok) throw toNetworkError(outcome, 'HOST_CHECKOUT_FAILED');
  return outcome.value.commit;
}

async function giveTo(owner: string, path: string, context: ApplyContext): Promise<void> {
  const account = await findAccount(owner, context);
  if (account === null) {
    throw new OpsError({
      code: 'HOST_ACCOUNT_MISSING',
      message: `There is no user ${owner} that could own ${path}.`,
      details: { name: owner, hint: 'Make the user with the module users_ssh.' },
    });
  }
  const argv = ['chown', '-R', '-h', `${account.uid}:${account.gid}`, '--', path] as const;
  await runChecked({ argv, timeoutMs: CHOWN_TIMEOUT_MS }, context, {
    code: 'HOST_ACCOUNT_FAILED',
    message: `${path} could not be given to ${owner}`,
  });
}
