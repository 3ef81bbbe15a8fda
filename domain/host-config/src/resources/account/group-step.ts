import type { ApplyContext, Step } from '../../plan/step.ts';
import { runChecked } from '../command/run-checked.ts';
import { checkAccountName } from './account-name.ts';
import { findGroup } from './read-accounts.ts';

const TIMEOUT_MS = 60_000;

/** A group that exists. */
export function createGroupStep(name: string): Step {
  checkAccountName(name);
  return {
    id: `group:${name}`,
    title: `Make the group ${name}`,
    lane: { kind: 'local' },
    async plan(context) {
      if ((await findGroup(name, context)) !== null) return null;
      return { summary: `create the group ${name}`, details: [{ kind: 'account', name, action: 'create the group' }], dangers: [] };
    },
    apply: async (context) => await createMissingGroup(name, context),
  };
}

export async function createMissingGroup(name: string, context: ApplyContext): Promise<void> {
  if ((await findGroup(name, context)) !== null) return;
  const done = await context.record({ kind: 'group.created', name });
  await runChecked({ argv: ['groupadd', name], timeoutMs: TIMEOUT_MS }, context, {
    code: 'HOST_ACCOUNT_FAILED',
    message: `The group ${name} could not be made`,
  });
  await done();
}
