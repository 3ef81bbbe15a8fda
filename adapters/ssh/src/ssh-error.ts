import { explain } from '@breakwater/host-config';
import { OpsError } from '@breakwater/kernel';
import type { ChannelError } from './channel.ts';

const REFUSALS: Readonly<Record<string, { readonly code: string; readonly message: string }>> = {
  'no-sudo': { code: 'HOST_SSH_SUDO_NEEDED', message: 'The user is not root and the host has no sudo.' },
  'sudo-asks': { code: 'HOST_SSH_SUDO_NEEDED', message: 'The user is not root, and sudo on the host would ask for a password.' },
  'no-folder': { code: 'HOST_SSH_FAILED', message: 'The host has no place for the files of running commands.' },
};

/** Why there is no link, in words that tell whether asking again can help: only for `HOST_SSH_UNREACHABLE` and `HOST_LINK_LOST`. */
export function toSshError(error: ChannelError): OpsError {
  const { end } = error;
  if (end.kind === 'refused') {
    const known = REFUSALS[end.reason] ?? { code: 'HOST_LINK_LOST', message: 'The host was restarted meanwhile.' };
    return new OpsError({ ...known, cause: error, details: { reason: end.reason } });
  }
  if (end.kind === 'broken') {
    return new OpsError({
      code: 'HOST_LINK_LOST',
      message: `The link to the host broke: ${end.reason}`,
      cause: error,
      details: { reason: end.reason },
    });
  }
  const why = explain({ tool: 'ssh', exitCode: end.exitCode === 0 ? 255 : end.exitCode, stdout: '', stderr: end.stderr });
  const details = { class: why.class, reason: why.code, hint: why.hint, evidence: why.evidence };
  return new OpsError({ code: toCode(why), message: why.cause, cause: error, details });
}

function toCode(why: { readonly class: string; readonly code: string }): string {
  if (why.class === 'security') return 'HOST_SSH_HOST_KEY';
  if (why.code === 'ssh.auth') return 'HOST_SSH_AUTH';
  if (why.class === 'permanent') return 'HOST_SSH_FAILED';
  // Also without any known words: a link that ends says nothing when the other side was switched off.
  return 'HOST_SSH_UNREACHABLE';
}
