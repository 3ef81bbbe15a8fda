import { isOpsError, OpsError } from '@breakwater/kernel';

export interface AuthorizedKey {
  /** Type and key without options and comment: what makes it this key. */
  readonly body: string;
}

const TYPES = '(?:sk-)?(?:ssh|ecdsa)-[a-z0-9@.-]+';
/** authorized_keys(5): options, in which spaces stand only within quotes, then type, key, comment. */
const LINE = new RegExp(
  `^(?:(?:[a-zA-Z-]+(?:="(?:[^"\\\\]|\\\\.)*")?)(?:,[a-zA-Z-]+(?:="(?:[^"\\\\]|\\\\.)*")?)*\\s+)?(${TYPES})\\s+(AAAA[A-Za-z0-9+/]+={0,2})(?:\\s.*)?$`,
);

/** Throws `HOST_KEY_LINE` for what sshd would not take: better now than when nobody can sign in. */
export function parseAuthorizedKey(line: string): AuthorizedKey {
  const [, type = '', key = ''] = (line.includes('\n') ? null : LINE.exec(line)) ?? [];
  if (type !== '' && readInnerType(key) === type) return { body: `${type} ${key}` };
  throw new OpsError({
    code: 'HOST_KEY_LINE',
    message: `"${line.slice(0, 40)}" is no line of authorized_keys: "ssh-ed25519 AAAA… name" is expected.`,
    details: { hint: 'Take the line of the file that ends with ".pub".' },
  });
}

/** The key itself begins with its type, after four bytes of length; a line cut while copying fails here or in its last bytes. */
function readInnerType(base64: string): string {
  if (base64.length % 4 !== 0) return '';
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const length = new DataView(bytes.buffer).getUint32(0);
  return new TextDecoder().decode(bytes.subarray(4, 4 + Math.min(length, 64)));
}

export function isAuthorizedKey(line: string): boolean {
  try {
    parseAuthorizedKey(line.trim());
    return true;
  } catch (error) {
    if (isOpsError(error)) return false;
    throw error;
  }
}
