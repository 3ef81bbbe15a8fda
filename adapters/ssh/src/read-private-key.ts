import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { PrivateKey } from '@breakwater/host-config';
import { OpsError, Secret } from '@breakwater/kernel';
import { openPrivateFolder } from './private-folder.ts';
import { type OpensshEnd, runOpenssh } from './run-openssh.ts';

const TIMEOUT_MS = 20_000;

/**
 * Looks whether OpenSSH can use a key, and takes its passphrase off: ssh must work without anybody to ask. Throws `HOST_LOGIN_KEY_INVALID` and
 * `HOST_LOGIN_PASSPHRASE`.
 */
export async function readPrivateKey(
  pem: Secret,
  { passphrase, signal }: { readonly passphrase: Secret | null; readonly signal: AbortSignal },
): Promise<PrivateKey> {
  const folder = await openPrivateFolder();
  try {
    // From web pages, keys come with the line ends of Windows and without the last one; OpenSSH takes neither.
    await folder.write('key', `${pem.reveal().replaceAll('\r\n', '\n').trim()}\n`);
    const keygen = (args: readonly string[], stdin = ''): Promise<OpensshEnd> =>
      runOpenssh({ program: 'ssh-keygen', args: [...args, '-f', folder.at('key')], stdin, timeoutMs: TIMEOUT_MS, signal });
    // An empty passphrase is no secret.
    const readPublic = (): Promise<OpensshEnd> => keygen(['-y', '-P', '']);
    let shown = await readPublic();
    if (shown.exitCode !== 0) {
      if (!/incorrect passphrase/.test(shown.stderr)) throw invalidKey(shown.stderr);
      await openKey(keygen, passphrase);
      shown = await readPublic();
    }
    const [type = '', blob = ''] = shown.stdout.split(' ');
    if (shown.exitCode !== 0 || blob === '') throw invalidKey(shown.stderr);
    if (type.startsWith('sk-')) throw invalidKey('a key on a security token asks to be touched, and nobody is there');
    const fingerprint = toFingerprint(blob.trim());
    return { privateKey: new Secret(await readFile(folder.at('key'), 'utf8')), type, fingerprint };
  } finally {
    await folder.remove();
  }
}

/** As OpenSSH shows it. */
export function toFingerprint(blob: string): string {
  return `SHA256:${createHash('sha256').update(Buffer.from(blob, 'base64')).digest('base64').replaceAll('=', '')}`;
}

async function openKey(keygen: (args: readonly string[], stdin: string) => Promise<OpensshEnd>, passphrase: Secret | null): Promise<void> {
  if (passphrase === null) {
    throw new OpsError({
      code: 'HOST_LOGIN_PASSPHRASE',
      message: 'The key is locked with a passphrase. Enter it too; it is needed once and not kept.',
    });
  }
  const text = passphrase.reveal();
  // Old, new, new again; a line each.
  const changed = /[\r\n]/.test(text) ? null : await keygen(['-p'], `${text}\n\n\n`);
  if (changed?.exitCode === 0) return;
  throw new OpsError({ code: 'HOST_LOGIN_PASSPHRASE', message: 'The passphrase does not open the key.' });
}

function invalidKey(said: string): OpsError {
  // ssh-keygen names the file, which tells nobody anything.
  const why = (said.trim().split('\n').at(-1) ?? '').replace(/^.*"[^"]*": /, '').slice(0, 120);
  return new OpsError({
    code: 'HOST_LOGIN_KEY_INVALID',
    message: `This is no private key that OpenSSH can use (${why === '' ? 'it says nothing more' : why}). Paste the whole file that ssh-keygen has written, not the one that ends in .pub.`,
    details: { reason: why },
  });
}
