import { OpsError } from '@breakwater/kernel';

/** Debian's rule for names (adduser, NAME_REGEX), which also keeps options and separators out of argv. */
export const ACCOUNT_NAME = /^[a-z][-a-z0-9_]{0,30}\$?$/;

export function checkAccountName(name: string): void {
  if (ACCOUNT_NAME.test(name)) return;
  throw new OpsError({
    code: 'HOST_ACCOUNT_NAME',
    message: `"${name}" cannot be the name of a user or a group: lower-case letters, digits, "-" and "_", beginning with a letter, 32 at the most.`,
    details: { name },
  });
}
