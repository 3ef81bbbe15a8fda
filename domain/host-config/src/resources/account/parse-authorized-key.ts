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

/** RFC 4253, 6.6: fields of a length (4 bytes) and that many bytes, the first of which is the type. A line cut while it was copied ends within one. */
function readInnerType(base64: string): string {
  if (base64.length % 4 !== 0) return '';
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const fields: Uint8Array[] = [];
  let offset = 0;
  while (offset + 4 <= bytes.length) {
    const end = offset + 4 + view.getUint32(offset);
    fields.push(bytes.subarray(offset + 4, end));
    offset = end;
  }
  const [type] = fields;
  return offset === bytes.length && fields.length > 1 && type !== undefined ? new TextDecoder().decode(type) : '';
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
