import { OpsError } from '@breakwater/kernel';

/** A keyring of a repository has a few keys of a few KiB. */
export const MAX_KEYRING_BYTES = 1_048_576;

export interface KeyFile {
  /** Of each primary key: upper-case hexadecimal. */
  readonly fingerprints: readonly string[];
  /** The packets that were understood, without armour: what apt reads is exactly what was looked at. */
  readonly binary: Uint8Array;
}

/** Packets of a certificate (RFC 9580, 5): signature, public key, user id, public subkey, user attribute. Anything else does not belong in a keyring. */
const SIGNATURE = 2;
const PUBLIC_KEY = 6;
const ALLOWED_TAGS: ReadonlySet<number> = new Set([SIGNATURE, PUBLIC_KEY, 13, 14, 17]);

const BLOCK = /-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n([\s\S]*?)-----END PGP PUBLIC KEY BLOCK-----/g;

/** Reads public keys, armoured or not. Throws `HOST_KEY_INVALID`. */
export async function readKeyFile(content: Uint8Array): Promise<KeyFile> {
  if (content.length > MAX_KEYRING_BYTES) throw invalid('it is larger than 1 MiB');
  const binary = toBinary(content);
  const fingerprints: string[] = [];
  let offset = 0;
  while (offset < binary.length) {
    const packet = readPacket(binary, offset);
    if (!ALLOWED_TAGS.has(packet.tag)) throw invalid(`it holds a packet of kind ${packet.tag}`);
    if (packet.tag === PUBLIC_KEY) fingerprints.push(await computeFingerprint(packet.body));
    else if (fingerprints.length === 0) throw invalid('it does not begin with a key');
    offset = packet.end;
  }
  if (fingerprints.length === 0) throw invalid('there is no key in it');
  return { fingerprints, binary };
}

function toBinary(content: Uint8Array): Uint8Array {
  // Every packet begins with the highest bit set; armour is ASCII.
  if (((content[0] ?? 0) & 0x80) !== 0) return content;
  const text = new TextDecoder().decode(content);
  const blocks = [...text.matchAll(BLOCK)].map(([, body = '']) => decodeBlock(body));
  if (blocks.length === 0) throw invalid('it is neither a key nor an armoured one');
  const binary = new Uint8Array(blocks.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const block of blocks) {
    binary.set(block, offset);
    offset += block.length;
  }
  return binary;
}

/** Headers end with an empty line; the checksum line (`=xxxx`) says nothing about trust. */
function decodeBlock(body: string): Uint8Array {
  const lines = body.split(/\r?\n/);
  const start = lines.findIndex((line) => line.trim() === '');
  const data = lines
    .slice(start + 1)
    .filter((line) => !line.startsWith('='))
    .join('')
    .replaceAll(/\s/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(data)) throw invalid('its armour is broken');
  return Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
}

interface Packet {
  readonly tag: number;
  readonly body: Uint8Array;
  readonly end: number;
}

function readPacket(bytes: Uint8Array, start: number): Packet {
  const first = bytes[start] ?? 0;
  if ((first & 0x80) === 0) throw invalid('it is cut or damaged');
  const isNew = (first & 0x40) !== 0;
  const { at, length } = isNew ? readNewLength(bytes, start + 1) : readOldLength(bytes, { at: start + 1, kind: first & 0x03 });
  const end = at + length;
  if (end > bytes.length) throw invalid('it is cut or damaged');
  return { tag: isNew ? first & 0x3f : (first >> 2) & 0x0f, body: bytes.subarray(at, end), end };
}

interface Length {
  readonly at: number;
  readonly length: number;
}

function readNewLength(bytes: Uint8Array, at: number): Length {
  const first = bytes[at] ?? 0;
  if (first < 192) return { at: at + 1, length: first };
  if (first < 224) return { at: at + 2, length: ((first - 192) << 8) + (bytes[at + 1] ?? 0) + 192 };
  // Lengths in parts are for data streams and not for keys.
  if (first < 255) throw invalid('it has a packet of unknown length');
  return { at: at + 5, length: readNumber(bytes, { at: at + 1, bytes: 4 }) };
}

function readOldLength(bytes: Uint8Array, { at, kind }: { readonly at: number; readonly kind: number }): Length {
  if (kind === 3) throw invalid('it has a packet of unknown length');
  const size = 2 ** kind;
  return { at: at + size, length: readNumber(bytes, { at, bytes: size }) };
}

function readNumber(bytes: Uint8Array, field: { readonly at: number; readonly bytes: number }): number {
  let value = 0;
  for (let index = 0; index < field.bytes; index++) value = value * 256 + (bytes[field.at + index] ?? 0);
  return value;
}

/** RFC 9580, 5.5.4: SHA-1 for version 4 keys, SHA-256 for version 6. */
async function computeFingerprint(body: Uint8Array): Promise<string> {
  const { length } = body;
  const version = body[0] ?? 0;
  switch (version) {
    case 4:
      return await digest('SHA-1', { prefix: [0x99, length >> 8, length & 0xff], body });
    case 6:
      return await digest('SHA-256', { prefix: [0x9b, length >>> 24, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff], body });
    default:
      throw invalid(`it has a key of version ${version}`);
  }
}

async function digest(
  algorithm: 'SHA-1' | 'SHA-256',
  { body, prefix }: { readonly prefix: readonly number[]; readonly body: Uint8Array },
): Promise<string> {
  const hash = await crypto.subtle.digest(algorithm, Uint8Array.from([...prefix, ...body]));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase();
}

function invalid(why: string): OpsError {
  return new OpsError({
    code: 'HOST_KEY_INVALID',
    message: `That is no file of public keys: ${why}.`,
    details: {
      failureClass: 'security',
      hint: 'Look at what the address of the key really answers; a portal or a proxy may stand in between.',
    },
  });
}
