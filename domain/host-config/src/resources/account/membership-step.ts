import { OpsError } from '@breakwater/kernel';
import type { Step } from '../../plan/step.ts';
import { runChecked } from '../command/run-checked.ts';
import { checkAccountName } from './account-name.ts';
import { findAccount } from './read-accounts.ts';

const TIMEOUT_MS = 60_000;

/** An existing user in an existing group. */
export function createMembershipStep(options: {
  readonly user: string;
  readonly group: string;
  readonly dangers?: readonly string[];
}): Step {
  const { dangers = [], group, user } = options;
  checkAccountName(user);
  checkAccountName(group);
  return {
    id: `member:${group}:${user}`,
    title: `Put ${user} into the group ${group}`,
    lane: { kind: 'local' },
    async plan(context) {
      const account = await findAccount(user, context);
      if (account?.groups.includes(group) === true) return null;
      return { summary: `add ${user} to ${group}`, details: [{ kind: 'account', name: user, action: `add to ${group}` }], dangers };
    },
    async apply(context) {
      const account = await findAccount(user, context);
      if (account === null) {
        throw new OpsError({
          code: 'HOST_ACCOUNT_MISSING',
          message: `There is no user ${user} to put into ${group}.`,
          details: { name: user, hint: 'Make the user with the module users_ssh, or take it off the list.' },
        });
      }
      const { groups, passwdLine } = account;
      const done = await context.record({ kind: 'user.changed', name: user, passwdLine, groups });
      await runChecked({ argv: ['usermod', '--append', '--groups', group, user], timeoutMs: TIMEOUT_MS }, context, {
        code: 'HOST_ACCOUNT_FAILED',
        message: `${user} could not be put into ${group}`,
      });
      await done();
    },
  };
}
