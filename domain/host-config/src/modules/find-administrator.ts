import type { StepContext } from '../plan/step.ts';
import { isAuthorizedKey } from '../resources/account/parse-authorized-key.ts';
import { findAccount, listGroupMembers } from '../resources/account/read-accounts.ts';

export interface SignInRules {
  readonly mayRootSignIn: boolean;
  /** Empty: everybody. */
  readonly allowedUsers: readonly string[];
}

/** Somebody who can sign in with a key and become root; null when there is nobody, and passwords are the only way in. */
export async function findAdministrator({ allowedUsers, mayRootSignIn }: SignInRules, context: StepContext): Promise<string | null> {
  const names = [...(mayRootSignIn ? ['root'] : []), ...(await listGroupMembers('sudo', context))];
  for (const name of names) {
    if (allowedUsers.length > 0 && !allowedUsers.includes(name)) continue;
    if (await hasKey(name, context)) return name;
  }
  return null;
}

async function hasKey(name: string, context: StepContext): Promise<boolean> {
  const account = await findAccount(name, context);
  if (account === null || /\/(?:nologin|false)$/.test(account.shell)) return false;
  const path = `${account.home}/.ssh/authorized_keys`;
  // A link could lead anywhere, and be gone tomorrow: it does not count.
  if ((await context.host.files.stat(path))?.kind !== 'file') return false;
  const content = await context.host.files.read(path);
  if (content === null) return false;
  return new TextDecoder().decode(content).split('\n').some(isAuthorizedKey);
}
