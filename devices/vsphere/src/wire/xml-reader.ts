import type { WireLimits } from './limits.ts';
import { NamespaceScope } from './namespaces.ts';
import { type Tag, TagCache, type WrittenTag } from './tag.ts';
import { TextDecoderCache, type TextTraits } from './text.ts';
import { notXml, tooLarge } from './wire-error.ts';

/** Receives a document element by element. */
export interface XmlSink {
  /** Says whether the text of this element is wanted, should it turn out to have no children. */
  open(tag: Tag): boolean;
  /** `text` is the whole text of an element without children whose text was wanted; else empty. */
  close(text: string): void;
}

/** What survives from one answer to the next: texts and tags seen before. */
export interface ReaderCaches {
  readonly tags: TagCache;
  readonly texts: TextDecoderCache;
  readonly root: NamespaceScope;
}

export const createReaderCaches = (limits: WireLimits): ReaderCaches => ({
  tags: new TagCache(limits),
  texts: new TextDecoderCache(),
  root: NamespaceScope.createRoot(),
});

const LT = 0x3c;
const GT = 0x3e;
const SLASH = 0x2f;
const BANG = 0x21;
const QUESTION = 0x3f;
const AMP = 0x26;
const DOUBLE_QUOTE = 0x22;
const SINGLE_QUOTE = 0x27;
const EMPTY = Buffer.alloc(0);

/** So many bytes of the next piece are put behind a token that was cut: enough for nearly every tag and text. */
const SEAM_BYTES = 512;

/**
 * A resumable reader of UTF-8 XML without DTD. Takes bytes as they come and hands out elements; whatever the cuts between
 * the pieces, the result is the same. Throws `WireError` and nothing else.
 */
export class XmlReader {
  readonly #sink: XmlSink;
  readonly #limits: WireLimits;
  readonly #caches: ReaderCaches;
  readonly #open: WrittenTag[] = [];
  readonly #scopes: NamespaceScope[] = [];
  readonly #traits: TextTraits = { hasHighBytes: false, hasEntities: false, hash: 0 };

  /** Bytes of a token whose end has not come yet. */
  #pending = EMPTY;
  #pendingLength = 0;
  /** No second look before this many bytes wait: else single-byte pieces would cost a scan of the token each. */
  #lookAgainAt = 0;
  #totalBytes = 0;
  #elements = 0;
  #wantsText = false;
  #text = '';
  #isStarted = false;
  #isRootClosed = false;

  constructor(options: { readonly sink: XmlSink; readonly limits: WireLimits; readonly caches: ReaderCaches }) {
    this.#sink = options.sink;
    this.#limits = options.limits;
    this.#caches = options.caches;
  }

  feed(chunk: Uint8Array): void {
    this.#totalBytes += chunk.length;
    if (this.#totalBytes > this.#limits.totalBytes) throw tooLarge('total size');
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (this.#pendingLength === 0) {
      this.#keep(bytes, this.#consume(bytes, 0));
      return;
    }
    const before = this.#pendingLength;
    const seam = before < SEAM_BYTES ? bytes.subarray(0, SEAM_BYTES) : bytes;
    this.#append(seam);
    if (this.#pendingLength >= this.#lookAgainAt) {
      const used = this.#consumePending();
      if (used >= before) {
        // What the last piece left is read; the rest is read where it lies instead of being copied.
        this.#pendingLength = 0;
        this.#keep(bytes, this.#consume(bytes, used - before));
        return;
      }
    }
    if (seam.length === bytes.length) return;
    this.#append(bytes.subarray(seam.length));
    if (this.#pendingLength >= this.#lookAgainAt) this.#consumePending();
  }

  /** Says that no more bytes come. */
  finish(): void {
    if (this.#pendingLength > 0) this.#consumePending();
    for (let at = 0; at < this.#pendingLength; at++) {
      if (!isSpace(this.#pending[at] as number)) throw notXml('The answer ends in the middle.');
    }
    if (!this.#isRootClosed) throw notXml(this.#totalBytes === 0 ? 'The answer is empty.' : 'The answer ends in the middle.');
  }

  /** Returns how many of the waiting bytes are read now. */
  #consumePending(): number {
    const length = this.#pendingLength;
    const used = this.#consume(this.#pending.subarray(0, length), 0);
    if (used === 0) {
      this.#lookAgainAt = length + Math.max(64, length >>> 1);
      return 0;
    }
    this.#pending.copyWithin(0, used, length);
    this.#pendingLength = length - used;
    this.#lookAgainAt = this.#pendingLength + 1;
    return used;
  }

  #keep(bytes: Buffer, from: number): void {
    const rest = bytes.length - from;
    if (rest === 0) return;
    if (this.#pending.length < rest) this.#pending = Buffer.allocUnsafeSlow(Math.max(4 * SEAM_BYTES, rest * 2));
    bytes.copy(this.#pending, 0, from);
    this.#pendingLength = rest;
    this.#lookAgainAt = rest + 1;
  }

  #append(chunk: Uint8Array): void {
    const needed = this.#pendingLength + chunk.length;
    if (needed > this.#pending.length) {
      const grown = Buffer.allocUnsafeSlow(needed * 2);
      this.#pending.copy(grown, 0, 0, this.#pendingLength);
      this.#pending = grown;
    }
    this.#pending.set(chunk, this.#pendingLength);
    this.#pendingLength = needed;
  }

  /** Reads all whole tokens from `start` on; returns where the first incomplete one begins. */
  #consume(bytes: Buffer, start: number): number {
    let at = start;
    if (!this.#isStarted) {
      at = this.#skipByteOrderMark(bytes, at);
      if (at < 0) return start;
    }
    for (;;) {
      const next = bytes[at] === LT ? this.#consumeMarkup(bytes, at) : this.#consumeText(bytes, at);
      if (next < 0) return at;
      at = next;
    }
  }

  #skipByteOrderMark(bytes: Buffer, at: number): number {
    if (bytes[at] === 0xef) {
      if (bytes.length - at < 3) return -1;
      if (bytes[at + 1] !== 0xbb || bytes[at + 2] !== 0xbf) throw notXml('The answer is no XML.');
      this.#isStarted = true;
      return at + 3;
    }
    if (at < bytes.length) this.#isStarted = true;
    return at;
  }

  #consumeText(bytes: Buffer, start: number): number {
    const length = bytes.length;
    let hash = 0;
    let high = 0;
    let hasEntities = false;
    let at = start;
    for (; at < length; at++) {
      const byte = bytes[at] as number;
      if (byte === LT) break;
      if (byte === AMP) hasEntities = true;
      high |= byte;
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    if (at - start > this.#limits.textBytes) throw tooLarge('length of a text');
    if (at === length) return -1;
    if (this.#open.length === 0) {
      for (let each = start; each < at; each++) {
        if (!isSpace(bytes[each] as number)) throw notXml('The answer is no XML.');
      }
    } else if (this.#wantsText) {
      this.#traits.hasEntities = hasEntities;
      this.#traits.hasHighBytes = high >= 0x80;
      this.#traits.hash = hash;
      this.#addText(this.#caches.texts.decode(bytes, start, at, this.#traits));
    }
    return at;
  }

  #addText(text: string): void {
    this.#text = this.#text === '' ? text : this.#text + text;
    if (this.#text.length > this.#limits.textBytes) throw tooLarge('length of a text');
  }

  #consumeMarkup(bytes: Buffer, start: number): number {
    if (start + 1 >= bytes.length) return -1;
    const second = bytes[start + 1];
    if (second === SLASH) return this.#consumeEndTag(bytes, start);
    if (second === QUESTION) return this.#consumeInstruction(bytes, start);
    if (second === BANG) return this.#consumeDeclaration(bytes, start);
    return this.#consumeStartTag(bytes, start);
  }

  #consumeStartTag(bytes: Buffer, start: number): number {
    const expected = this.#caches.tags.expected;
    if (expected?.standsAt(bytes, start + 1) === true) return this.#takeStartTag(expected, start + 1 + expected.bytes.length);
    const length = bytes.length;
    let hash = 17;
    let quote = 0;
    let at = start + 1;
    for (; at < length; at++) {
      const byte = bytes[at] as number;
      if (quote === 0) {
        if (byte === GT) break;
        if (byte === DOUBLE_QUOTE || byte === SINGLE_QUOTE) quote = byte;
        else if (byte === LT) throw notXml('A tag begins inside a tag.');
      } else if (byte === quote) quote = 0;
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    if (at - start > this.#limits.tagBytes) throw tooLarge('length of a tag');
    if (at === length) return -1;
    return this.#takeStartTag(this.#caches.tags.read(bytes, { start: start + 1, end: at, hash }), at);
  }

  #takeStartTag(written: WrittenTag, end: number): number {
    this.#caches.tags.follow(written);
    this.#openElement(written);
    if (written.isSelfClosing) this.#closeElement();
    return end + 1;
  }

  #openElement(written: WrittenTag): void {
    if (this.#isRootClosed) throw notXml('The answer has a second root element.');
    if (this.#open.length >= this.#limits.depth) throw tooLarge('depth');
    if (++this.#elements > this.#limits.elements) throw tooLarge('number of elements');
    const tag = written.resolve(this.#scopes[this.#scopes.length - 1] ?? this.#caches.root);
    this.#open.push(written);
    this.#scopes.push(tag.scope);
    this.#text = '';
    this.#wantsText = this.#sink.open(tag);
  }

  #closeElement(): void {
    this.#open.pop();
    this.#scopes.pop();
    const text = this.#wantsText ? this.#text : '';
    this.#text = '';
    this.#wantsText = false;
    this.#sink.close(text);
    if (this.#open.length === 0) this.#isRootClosed = true;
  }

  #consumeEndTag(bytes: Buffer, start: number): number {
    const expected = this.#open[this.#open.length - 1];
    if (expected === undefined) throw notXml('An element ends that never began.');
    const name = expected.nameBytes;
    let at = start + 2;
    for (let index = 0; index < name.length; index++, at++) {
      if (at >= bytes.length) return -1;
      if (bytes[at] !== name[index]) throw notXml('An element ends under another name.');
    }
    for (; at < bytes.length && isSpace(bytes[at] as number); at++);
    if (at - start > this.#limits.tagBytes) throw tooLarge('length of a tag');
    if (at >= bytes.length) return -1;
    if (bytes[at] !== GT) throw notXml('An element ends under another name.');
    this.#closeElement();
    return at + 1;
  }

  #consumeInstruction(bytes: Buffer, start: number): number {
    const end = bytes.indexOf('?>', start + 2, 'latin1');
    if ((end < 0 ? bytes.length : end) - start > this.#limits.tagBytes) throw tooLarge('length of an instruction');
    if (end < 0) return -1;
    const text = bytes.toString('latin1', start + 2, end);
    const encoding = /^xml\s.*encoding\s*=\s*["']([^"']*)["']/s.exec(text)?.[1];
    if (encoding !== undefined && !/^(utf-?8|us-ascii)$/i.test(encoding)) throw notXml('The answer is not in UTF-8.');
    return end + 2;
  }

  #consumeDeclaration(bytes: Buffer, start: number): number {
    // "<![CDATA[" is nine bytes; fewer cannot be told apart yet.
    const head = bytes.toString('latin1', start, Math.min(start + 9, bytes.length));
    if (head.startsWith('<!--')) return this.#consumeSection(bytes, { start, from: start + 4, end: '-->' });
    if (head === '<![CDATA[') return this.#consumeSection(bytes, { start, from: start + 9, end: ']]>' });
    if ('<!--'.startsWith(head) || '<![CDATA['.startsWith(head)) return -1;
    // A DTD can define entities that grow without end; no vSphere answer has one, but HTML pages do.
    throw notXml('The answer has a document type declaration.');
  }

  #consumeSection(bytes: Buffer, section: { readonly start: number; readonly from: number; readonly end: string }): number {
    const end = bytes.indexOf(section.end, section.from, 'latin1');
    if ((end < 0 ? bytes.length : end) - section.start > this.#limits.textBytes) throw tooLarge('length of a section');
    if (end < 0) return -1;
    if (section.end === ']]>') {
      if (this.#open.length === 0) throw notXml('The answer is no XML.');
      if (this.#wantsText) this.#addText(bytes.toString('utf8', section.from, end));
    }
    return end + section.end.length;
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
