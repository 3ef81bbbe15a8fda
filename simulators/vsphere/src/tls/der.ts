/** Just enough DER to write a certificate (ITU-T X.690). */

function lengthBytes(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

export function derValue(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), lengthBytes(body.length), body]);
}

export const derSequence = (...parts: readonly Uint8Array[]): Buffer => derValue(0x30, ...parts);
export const derSet = (...parts: readonly Uint8Array[]): Buffer => derValue(0x31, ...parts);
export const derText = (text: string): Buffer => derValue(0x0c, Buffer.from(text, 'utf8'));
export const derBits = (bytes: Uint8Array): Buffer => derValue(0x03, Buffer.from([0]), bytes);
export const derOctets = (bytes: Uint8Array): Buffer => derValue(0x04, bytes);

/** A positive integer from big-endian bytes. */
export function derInteger(bytes: Uint8Array): Buffer {
  const first = bytes[0] ?? 0;
  return derValue(0x02, first >= 0x80 ? Buffer.from([0]) : Buffer.alloc(0), bytes);
}

export function derOid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const group = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) group.unshift((left & 0x7f) | 0x80);
    bytes.push(...group);
  }
  return derValue(0x06, Buffer.from(bytes));
}

/** GeneralizedTime of an ISO 8601 instant in UTC. */
export const derTime = (iso: string): Buffer => derValue(0x18, Buffer.from(`${iso.replaceAll(/[-:T]/g, '').slice(0, 14)}Z`, 'ascii'));
