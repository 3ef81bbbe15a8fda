import { notXml } from './wire-error.ts';

const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', apos: "'", quot: '"' };

/** Undoes the five named entities and numeric references. Anything else is refused: there is no DTD that could define it. */
export function decodeEntities(text: string): string {
  let result = '';
  let from = 0;
  for (let at = text.indexOf('&'); at >= 0; at = text.indexOf('&', from)) {
    // "&#x10FFFF;" is the longest reference there is.
    const semicolon = text.indexOf(';', at + 1);
    if (semicolon < 0 || semicolon - at > 10) throw notXml('An ampersand does not begin an entity.');
    result += text.slice(from, at) + decodeEntity(text.slice(at + 1, semicolon));
    from = semicolon + 1;
  }
  return result + text.slice(from);
}

function decodeEntity(name: string): string {
  if (!name.startsWith('#')) {
    const text = Object.hasOwn(NAMED, name) ? NAMED[name] : undefined;
    if (text === undefined) throw notXml('An entity is not one of the five of XML.');
    return text;
  }
  const isHex = name.startsWith('#x');
  const digits = name.slice(isHex ? 2 : 1);
  if (!(isHex ? /^[0-9a-fA-F]+$/ : /^[0-9]+$/).test(digits)) throw notXml('A numeric entity has no number.');
  const code = Number.parseInt(digits, isHex ? 16 : 10);
  if (code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw notXml('A numeric entity is no character.');
  return String.fromCodePoint(code);
}

/** What was seen of a slice of bytes while its end was looked for. */
export interface TextTraits {
  hasHighBytes: boolean;
  hasEntities: boolean;
  /** Any hash of the bytes; equality is checked. */
  hash: number;
}

const CACHE_SLOTS = 4_096;
const CACHED_LENGTH = 40;

/**
 * Bytes to strings. Short ASCII texts repeat all the time (property names, states), so they are looked up before they are
 * made. Strings are always fresh copies: a slice of the answer's own string would keep the whole answer alive.
 */
export class TextDecoderCache {
  readonly #slots: (string | undefined)[] = Array.from({ length: CACHE_SLOTS }, () => undefined);

  decode(bytes: Buffer, start: number, end: number, traits: TextTraits): string {
    if (traits.hasHighBytes || traits.hasEntities) {
      const text = traits.hasHighBytes ? bytes.toString('utf8', start, end) : bytes.toString('latin1', start, end);
      return traits.hasEntities ? decodeEntities(text) : text;
    }
    const length = end - start;
    if (length > CACHED_LENGTH) return bytes.toString('latin1', start, end);
    const { hash } = traits;
    const slot = (hash ^ (hash >>> 12)) & (CACHE_SLOTS - 1);
    const known = this.#slots[slot];
    if (known !== undefined && isSame(known, bytes, start, length)) return known;
    const text = bytes.toString('latin1', start, end);
    this.#slots[slot] = text;
    return text;
  }
}

function isSame(text: string, bytes: Buffer, start: number, length: number): boolean {
  if (text.length !== length) return false;
  for (let at = 0; at < length; at++) if (text.charCodeAt(at) !== bytes[start + at]) return false;
  return true;
}
