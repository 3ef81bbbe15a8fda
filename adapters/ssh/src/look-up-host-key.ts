import type { HostAddress, PublicKey } from '@breakwater/host-config';
import { OpsError } from '@breakwater/kernel';
import { toFingerprint } from './read-private-key.ts';
import { runOpenssh } from './run-openssh.ts';
import { requireSshAddress } from './ssh-arguments.ts';

const ANSWER_S = 8;
/** Strongest first. */
const TYPES = ['ssh-ed25519', 'ecdsa-sha2-nistp521', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp256', 'ssh-rsa'];

/** Asks a host for its keys, without signing in. Whether they are the right ones, only a person can tell. */
export async function lookUpHostKey({ host, port }: HostAddress, { signal }: { readonly signal: AbortSignal }): Promise<PublicKey> {
  requireSshAddress({ host, port });
  const args = ['-T', String(ANSWER_S), '-p', String(port), '-t', 'ed25519,ecdsa,rsa', '--', host];
  const { stdout } = await runOpenssh({ program: 'ssh-keyscan', args, timeoutMs: 3 * ANSWER_S * 1_000, signal });
  const keys = stdout.split('\n').flatMap((line) => {
    const [, type = '', key = ''] = line.trim().split(/\s+/);
    return TYPES.includes(type) && /^[A-Za-z0-9+/]{40,4000}={0,2}$/.test(key) ? [{ type, key, fingerprint: toFingerprint(key) }] : [];
  });
  const [first] = keys.toSorted((a, b) => TYPES.indexOf(a.type) - TYPES.indexOf(b.type));
  if (first !== undefined) return first;
  throw new OpsError({
    code: 'HOST_SSH_UNREACHABLE',
    message: `No SSH server answers at ${host}, port ${port}.`,
    details: { host, port },
  });
}
