import { OpsError } from '@breakwater/kernel';

/** One element with its namespaces resolved. Comments and processing instructions are dropped. */
export interface XmlElement {
  readonly name: string;
  readonly namespace: string;
  /** Keyed `{namespace}name`, or `name` for attributes without a prefix. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** Character data, white space kept. */
  readonly text: string;
  /** Prefixes in force, for values such as `xsi:type="xsd:string"`. */
  readonly prefixes: ReadonlyMap<string, string>;
}

export interface ReadXmlOptions {
  readonly maxDepth?: number;
  readonly maxLength?: number;
}

interface OpenElement {
  readonly tag: string;
  readonly name: string;
  readonly namespace: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly prefixes: ReadonlyMap<string, string>;
  readonly children: XmlElement[];
  text: string;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const NAME = /[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?/y;
const ATTRIBUTE = /\s+([A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y;
const TAG_END = /\s*(\/?)>/y;

/** Parses a document. No DTD, no entities beyond the five of XML; throws `SIM_XML_INVALID`. */
export function readXml(source: string, options: ReadXmlOptions = {}): XmlElement {
  const { maxDepth = 64, maxLength = 8_000_000 } = options;
  if (source.length > maxLength) throw invalid('document too long', maxLength);
  const stack: OpenElement[] = [];
  let root: XmlElement | undefined;
  let at = source.charCodeAt(0) === 0xfeff ? 1 : 0;

  const close = (element: OpenElement): void => {
    const { name, namespace, attributes, prefixes, children, text } = element;
    const done: XmlElement = { name, namespace, attributes, prefixes, children, text };
    const parent = stack.at(-1);
    if (parent !== undefined) parent.children.push(done);
    else if (root === undefined) root = done;
    else throw invalid('more than one root element', at);
  };

  while (at < source.length) {
    const open = source.indexOf('<', at);
    const textEnd = open === -1 ? source.length : open;
    if (textEnd > at) {
      const parent = stack.at(-1);
      const raw = source.slice(at, textEnd);
      if (parent !== undefined) parent.text += decodeText(raw, at);
      else if (raw.trim() !== '') throw invalid('text outside the root element', at);
    }
    if (open === -1) break;
    at = open;
    if (source.startsWith('<!--', at)) at = skipTo(source, { from: at + 4, mark: '-->' });
    else if (source.startsWith('<![CDATA[', at)) {
      const end = skipTo(source, { from: at + 9, mark: ']]>' });
      const parent = stack.at(-1);
      if (parent === undefined) throw invalid('CDATA outside the root element', at);
      parent.text += source.slice(at + 9, end - 3);
      at = end;
    } else if (source.startsWith('<?', at)) at = skipTo(source, { from: at + 2, mark: '?>' });
    else if (source.startsWith('<!', at)) throw invalid('document type declarations are not allowed', at);
    else if (source.startsWith('</', at)) {
      const end = skipTo(source, { from: at + 2, mark: '>' });
      const element = stack.pop();
      if (element === undefined || element.tag !== source.slice(at + 2, end - 1).trim()) throw invalid('end tag does not match', at);
      close(element);
      at = end;
    } else {
      const head = readStartTag(source, { at, inherited: stack.at(-1)?.prefixes ?? NO_PREFIXES });
      at = head.end;
      if (head.empty) close(head.element);
      else {
        stack.push(head.element);
        if (stack.length > maxDepth) throw invalid('nested too deeply', at);
      }
    }
  }
  if (stack.length > 0) throw invalid('document ends early', at);
  if (root === undefined) throw invalid('no root element', at);
  return root;
}

const NO_PREFIXES: ReadonlyMap<string, string> = new Map([['xml', 'http://www.w3.org/XML/1998/namespace']]);

interface StartTagContext {
  readonly at: number;
  readonly inherited: ReadonlyMap<string, string>;
}

function readStartTag(source: string, context: StartTagContext): { element: OpenElement; end: number; empty: boolean } {
  NAME.lastIndex = context.at + 1;
  const tag = NAME.exec(source)?.[0];
  if (tag === undefined) throw invalid('malformed tag', context.at);
  let at = NAME.lastIndex;
  const raw: [string, string][] = [];
  for (;;) {
    ATTRIBUTE.lastIndex = at;
    const match = ATTRIBUTE.exec(source);
    if (match === null) break;
    raw.push([match[1] ?? '', decodeText(match[2] ?? match[3] ?? '', at)]);
    at = ATTRIBUTE.lastIndex;
  }
  TAG_END.lastIndex = at;
  const end = TAG_END.exec(source);
  if (end === null) throw invalid('malformed tag', at);
  const declared = raw.filter(([name]) => name === 'xmlns' || name.startsWith('xmlns:'));
  const prefixes =
    declared.length === 0
      ? context.inherited
      : new Map([...context.inherited, ...declared.map(([name, uri]): [string, string] => [name.slice(6), uri])]);
  const attributes = new Map<string, string>();
  for (const [name, value] of raw) {
    if (name === 'xmlns' || name.startsWith('xmlns:')) continue;
    const colon = name.indexOf(':');
    const key = colon === -1 ? name : `{${namespaceOf(prefixes, { prefix: name.slice(0, colon), at })}}${name.slice(colon + 1)}`;
    if (attributes.has(key)) throw invalid('attribute given twice', at);
    attributes.set(key, value);
  }
  const colon = tag.indexOf(':');
  const namespace = colon === -1 ? (prefixes.get('') ?? '') : namespaceOf(prefixes, { prefix: tag.slice(0, colon), at });
  const element = { tag, name: tag.slice(colon + 1), namespace, attributes, prefixes, children: [], text: '' };
  return { element, end: TAG_END.lastIndex, empty: end[1] === '/' };
}

function namespaceOf(prefixes: ReadonlyMap<string, string>, use: { readonly prefix: string; readonly at: number }): string {
  const namespace = prefixes.get(use.prefix);
  if (namespace === undefined) throw invalid(`prefix ${use.prefix} is not bound`, use.at);
  return namespace;
}

function decodeText(raw: string, at: number): string {
  if (!raw.includes('&')) return raw;
  return raw.replaceAll(/&([^;&\s]{0,12});?/g, (whole, name: string) => {
    const known = whole.endsWith(';') ? ENTITIES[name] : undefined;
    if (known !== undefined) return known;
    const digits = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}))$/.exec(name);
    const code =
      digits === null || !whole.endsWith(';')
        ? Number.NaN
        : Number.parseInt(digits[1] ?? digits[2] ?? '', digits[1] === undefined ? 10 : 16);
    if (!(code > 0 && code <= 0x10ffff)) throw invalid('unknown entity', at);
    return String.fromCodePoint(code);
  });
}

function skipTo(source: string, target: { readonly from: number; readonly mark: string }): number {
  const end = source.indexOf(target.mark, target.from);
  if (end === -1) throw invalid('document ends early', target.from);
  return end + target.mark.length;
}

function invalid(reason: string, at: number): OpsError {
  return new OpsError({ code: 'SIM_XML_INVALID', message: `Not well-formed XML: ${reason}.`, details: { reason, at } });
}
