import { describe, expect, it } from 'vitest';
import { escapeXml } from './escape-xml.ts';
import { readXml } from './read-xml.ts';

describe('readXml', () => {
  it('resolves namespaces of elements and attributes, whatever their prefixes', () => {
    const root = readXml(
      '<?xml version="1.0"?><!-- c --><a xmlns="urn:x" xmlns:q="urn:y"><q:b q:t="1" t="2">x &amp; &#x41;<![CDATA[<y>]]></q:b></a>',
    );
    const child = root.children[0];
    expect([root.namespace, child?.name, child?.namespace]).toEqual(['urn:x', 'b', 'urn:y']);
    expect(child?.text).toBe('x & A<y>');
    expect([child?.attributes.get('{urn:y}t'), child?.attributes.get('t')]).toEqual(['1', '2']);
  });

  it.each([
    ['a document type', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
    ['an unknown entity', '<a>&b;</a>'],
    ['a bare ampersand', '<a>b & c</a>'],
    ['an end tag that does not match', '<a><b></a></b>'],
    ['an early end', '<a><b></b>'],
    ['a second root', '<a/><b/>'],
    ['text around the root', 'x<a/>'],
    ['an unbound prefix', '<q:a/>'],
    ['an attribute given twice', '<a b="1" b="2"/>'],
    ['nothing', ''],
    ['too much depth', '<a>'.repeat(100) + '</a>'.repeat(100)],
    ['too much length', `<a>${'x'.repeat(8_000_000)}</a>`],
  ])('refuses %s', (_, source) => {
    expect(() => readXml(source)).toThrow(expect.objectContaining({ code: 'SIM_XML_INVALID' }));
  });
});

describe('escapeXml', () => {
  it('comes back through the reader, apart from what XML cannot carry', () => {
    const text = `<script>"it's" & 'that'\r\n\t😀 año база`;
    expect(readXml(`<a b="${escapeXml(text)}">${escapeXml(text)}</a>`).text).toBe(text);
    expect(escapeXml('\u0000\u0008\ud800x')).toBe('\ufffd\ufffd\ufffdx');
  });
});
