import { XSI_NAMESPACE } from '../schema/index.ts';
import type { WireLimits } from './limits.ts';
import type { NamespaceScope } from './namespaces.ts';
import { decodeEntities } from './text.ts';
import { notXml, tooLarge } from './wire-error.ts';

/** A start tag with its prefixes resolved. */
export interface Tag {
  readonly local: string;
  readonly namespace: string;
  /** Local part of `xsi:type`, whatever prefix is bound to the XMLSchema-instance namespace. */
  readonly xsiType: string | undefined;
  /** Plain `type` attribute: of what type a reference is. */
  readonly type: string | undefined;
  readonly isNil: boolean;
  /** In force inside the element. */
  readonly scope: NamespaceScope;
}

interface Attribute {
  readonly prefix: string;
  readonly local: string;
  readonly value: string;
}

interface Resolution {
  readonly scope: NamespaceScope;
  readonly tag: Tag;
}

/** A start tag as written. The same bytes in the same scope mean the same, so resolutions are kept. */
export class WrittenTag {
  readonly prefix: string;
  readonly local: string;
  /** `prefix:local` as bytes, to compare the end tag with. */
  readonly nameBytes: Buffer;
  readonly isSelfClosing: boolean;
  readonly bytes: Buffer;
  /** Ten bits that tell tags apart well enough to guess by. */
  readonly mark: number;
  readonly #attributes: readonly Attribute[];
  // Two places, because the same element often alternates between two scopes.
  #newer: Resolution | undefined;
  #older: Resolution | undefined;

  constructor(parts: {
    readonly name: string;
    readonly attributes: readonly Attribute[];
    readonly isSelfClosing: boolean;
    readonly bytes: Buffer;
  }) {
    const { prefix, local } = splitName(parts.name);
    this.prefix = prefix;
    this.local = local;
    this.nameBytes = Buffer.from(parts.name, 'utf8');
    this.isSelfClosing = parts.isSelfClosing;
    this.bytes = parts.bytes;
    this.mark = toMark(parts.bytes);
    this.#attributes = parts.attributes;
  }

  /** True when these bytes are this very tag, up to its `>`. */
  standsAt(source: Buffer, start: number): boolean {
    const { bytes } = this;
    const end = start + bytes.length;
    if (end >= source.length || source[end] !== 0x3e) return false;
    for (let at = bytes.length - 1; at >= 0; at--) if (bytes[at] !== source[start + at]) return false;
    return true;
  }

  resolve(scope: NamespaceScope): Tag {
    if (this.#newer?.scope === scope) return this.#newer.tag;
    if (this.#older?.scope === scope) return this.#older.tag;
    const tag = this.#resolveIn(scope);
    this.#older = this.#newer;
    this.#newer = { scope, tag };
    return tag;
  }

  #resolveIn(outer: NamespaceScope): Tag {
    let scope = outer;
    for (const { prefix, local, value } of this.#attributes) {
      if (prefix === 'xmlns') scope = scope.bind(local, value);
      else if (prefix === '' && local === 'xmlns') scope = scope.bind('', value);
    }
    let xsiType: string | undefined;
    let type: string | undefined;
    let isNil = false;
    for (const { prefix, local, value } of this.#attributes) {
      if (prefix === '' && local === 'type') type = value;
      if (prefix === '' || prefix === 'xmlns') continue;
      const namespace = scope.lookup(prefix);
      if (namespace === undefined) throw notXml('An attribute has a prefix that is not bound.');
      if (namespace !== XSI_NAMESPACE) continue;
      if (local === 'type') xsiType = splitName(value.trim()).local;
      if (local === 'nil') isNil = value === 'true' || value === '1';
    }
    const namespace = scope.lookup(this.prefix);
    if (namespace === undefined) throw notXml('An element has a prefix that is not bound.');
    return { local: this.local, namespace, xsiType, type, isNil, scope };
  }
}

function toMark(bytes: Buffer): number {
  let hash = bytes.length;
  for (const byte of bytes) hash = (Math.imul(hash, 31) + byte) | 0;
  return (hash ^ (hash >>> 10) ^ (hash >>> 20)) & 0x3ff;
}

function splitName(name: string): { readonly prefix: string; readonly local: string } {
  const colon = name.indexOf(':');
  return colon < 0 ? { prefix: '', local: name } : { prefix: name.slice(0, colon), local: name.slice(colon + 1) };
}

const NAME = '[A-Za-z_\\u0080-\\uffff][\\w.\\-\\u0080-\\uffff]*';
const QUALIFIED = new RegExp(`^${NAME}(?::${NAME})?$`);
const ATTRIBUTE = `\\s+(${NAME}(?::${NAME})?)\\s*=\\s*(?:"([^"<]*)"|'([^'<]*)')`;

/** Reads the bytes between `<` and `>`. */
export function parseTag(bytes: Buffer, limits: WireLimits): WrittenTag {
  const isSelfClosing = bytes.length > 0 && bytes[bytes.length - 1] === 0x2f;
  const text = bytes.toString('utf8', 0, isSelfClosing ? bytes.length - 1 : bytes.length);
  const nameEnd = text.search(/\s/);
  const name = nameEnd < 0 ? text : text.slice(0, nameEnd);
  if (name.length > limits.nameBytes) throw tooLarge('name length');
  if (!QUALIFIED.test(name)) throw notXml('An element has no valid name.');
  const attributes = nameEnd < 0 ? [] : parseAttributes(text.slice(nameEnd), limits);
  return new WrittenTag({ name, attributes, isSelfClosing, bytes });
}

function parseAttributes(text: string, limits: WireLimits): readonly Attribute[] {
  const attributes: Attribute[] = [];
  const seen = new Set<string>();
  const source = text.trimEnd();
  const pattern = new RegExp(ATTRIBUTE, 'y');
  while (pattern.lastIndex < source.length) {
    const match = pattern.exec(source);
    if (match === null) throw notXml('An attribute is not well-formed.');
    const name = match[1] ?? '';
    if (name.length > limits.nameBytes) throw tooLarge('name length');
    if (seen.has(name)) throw notXml('An element has the same attribute twice.');
    if (attributes.length >= limits.attributes) throw tooLarge('attributes of one element');
    seen.add(name);
    const raw = match[2] ?? match[3] ?? '';
    attributes.push({ ...splitName(name), value: raw.includes('&') ? decodeEntities(raw) : raw });
  }
  return attributes;
}

const CACHED_TAGS = 2_048;
const CACHED_TAG_BYTES = 512;

const SUCCESSORS = 4_096;

/**
 * Start tags repeat thousands of times in one answer; each distinct one is parsed once. So does their order: what followed the
 * last few tags before is expected to follow them again, and comparing with it costs less than looking it up.
 */
export class TagCache {
  readonly #limits: WireLimits;
  readonly #byHash = new Map<number, WrittenTag>();
  readonly #successors: (WrittenTag | undefined)[] = Array.from({ length: SUCCESSORS }, () => undefined);
  /** Of the last few tags, in order. */
  #trail = 0;

  constructor(limits: WireLimits) {
    this.#limits = limits;
  }

  /** What followed last time; only a guess. */
  get expected(): WrittenTag | undefined {
    return this.#successors[this.#trail];
  }

  /** Tells what has followed in truth. */
  follow(tag: WrittenTag): void {
    this.#successors[this.#trail] = tag;
    this.#trail = ((this.#trail << 2) ^ tag.mark) & (SUCCESSORS - 1);
  }

  /** `hash` is any hash of the bytes from `start` to `end`; equality is checked. */
  read(bytes: Buffer, range: { readonly start: number; readonly end: number; readonly hash: number }): WrittenTag {
    const { start, end, hash } = range;
    const known = this.#byHash.get(hash);
    if (known !== undefined && isSameTag(known.bytes, bytes, start, end)) return known;
    const tag = parseTag(Buffer.from(bytes.subarray(start, end)), this.#limits);
    if (end - start <= CACHED_TAG_BYTES) {
      if (this.#byHash.size >= CACHED_TAGS) this.#byHash.clear();
      this.#byHash.set(hash, tag);
    }
    return tag;
  }
}

function isSameTag(known: Buffer, bytes: Buffer, start: number, end: number): boolean {
  const length = end - start;
  if (known.length !== length) return false;
  for (let at = 0; at < length; at++) if (known[at] !== bytes[start + at]) return false;
  return true;
}
