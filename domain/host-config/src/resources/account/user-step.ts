import type { ApplyContext, Change, Step, StepContext } from '../../plan/step.ts';
import { runChecked } from '../command/run-checked.ts';
import { checkAccountName } from './account-name.ts';
import { createMissingGroup } from './group-step.ts';
import { type Account, findAccount, findGroup } from './read-accounts.ts';

export interface UserStepOptions {
  readonly name: string;
  /** Default `/bin/bash`. */
  readonly shell?: string;
  /** Added to those the user is in; nobody is taken out of a group. */
  readonly groups?: readonly string[];
  /** A system user without a home or a login. */
  readonly isSystem?: boolean;
}

const TIMEOUT_MS = 60_000;

/** A user that exists, with a shell and groups. Passwords are not set: people come with keys. */
export function createUserStep(options: UserStepOptions): Step {
  const { groups = [], name } = options;
  for (const each of [name, ...groups]) checkAccountName(each);
  return {
    id: `user:${name}`,
    title: `Make the user ${name}`,
    lane: { kind: 'local' },
    async plan(context) {
      const account = await findAccount(name, context);
      return account === null ? toCreation(options) : toAmendment(account, options);
    },
    async apply(context) {
      await createGroups(groups, context);
      const account = await findAccount(name, context);
      if (account === null) await create(options, context);
      else await amend(account, options, context);
    },
  };
}

function toCreation({ groups = [], name }: UserStepOptions): Change {
  const action = groups.length === 0 ? 'create' : `create, in ${groups.join(', ')}`;
  return { summary: `create the user ${name}`, details: [{ kind: 'account', name, action }], dangers: [] };
}

function toAmendment(account: Account, options: UserStepOptions): Change | null {
  const missing = missingGroups(account, options);
  const shell = options.shell !== undefined && options.shell !== account.shell ? options.shell : null;
  if (missing.length === 0 && shell === null) return null;
  const actions = [
    ...(missing.length === 0 ? [] : [`add to ${missing.join(', ')}`]),
    ...(shell === null ? [] : [`shell ${account.shell} → ${shell}`]),
  ];
  return {
    summary: `change the user ${account.name}`,
    details: [{ kind: 'account', name: account.name, action: actions.join('; ') }],
    dangers: [],
  };
}

const missingGroups = (account: Account, { groups = [] }: UserStepOptions): readonly string[] =>
  groups.filter((group) => !account.groups.includes(group));

async function createGroups(groups: readonly string[], context: ApplyContext): Promise<void> {
  for (const group of groups) await createMissingGroup(group, context);
}

async function create({ groups = [], isSystem, name, shell = '/bin/bash' }: UserStepOptions, context: ApplyContext): Promise<void> {
  const done = await context.record({ kind: 'user.created', name });
  const kind = isSystem === true ? ['--system', '--shell', '/usr/sbin/nologin'] : ['--create-home', '--shell', shell];
  // useradd refuses to make the user's own group when there is one of that name.
  const own = (await findGroup(name, context)) === null ? ['--user-group'] : ['--gid', name];
  const membership = groups.length === 0 ? [] : ['--groups', groups.join(',')];
  await run(['useradd', ...kind, ...own, ...membership, name], context);
  await done();
}

async function amend(account: Account, options: UserStepOptions, context: ApplyContext): Promise<void> {
  const { groups, name, passwdLine } = account;
  const done = await context.record({ kind: 'user.changed', name, passwdLine, groups });
  const missing = missingGroups(account, options);
  if (missing.length > 0) await run(['usermod', '--append', '--groups', missing.join(','), name], context);
  if (options.shell !== undefined && options.shell !== account.shell) await run(['usermod', '--shell', options.shell, name], context);
  await done();
}

async function run(argv: readonly [string, ...string[]], context: StepContext): Promise<void> {
  await runChecked({ argv, timeoutMs: TIMEOUT_MS }, context, { code: 'HOST_ACCOUNT_FAILED', message: `"${argv.join(' ')}" failed` });
}
