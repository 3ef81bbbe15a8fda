import { type ApiVersion, type Field, type Moref, VIM_NAMESPACE, XSD_NAMESPACE, XSI_NAMESPACE } from '@breakwater/vsphere/schema';
import type { XmlElement } from '../xml/read-xml.ts';
import { enumValues, fieldsOf, isDataSubtype, isDataType, isKnownAt } from './schema-lookup.ts';
import { invalidRequest } from './soap-fault.ts';

const XSI_TYPE = `{${XSI_NAMESPACE}}type`;
const INTEGER_RANGES: Readonly<Record<string, readonly [bigint, bigint]>> = {
  byte: [-128n, 127n],
  short: [-32_768n, 32_767n],
  int: [-2_147_483_648n, 2_147_483_647n],
  long: [-(2n ** 63n), 2n ** 63n - 1n],
};
/** Optional texts for which empty means something: the first version of an update stream, a note that is wiped. */
const MAY_BE_EMPTY: ReadonlySet<string> = new Set(['version', 'annotation']);

/**
 * Reads the children of `element` in schema order. Misplaced, unknown or missing elements are an `InvalidRequest`,
 * as a real server answers them.
 */
export function decodeFields(
  element: XmlElement,
  use: { readonly fields: readonly Field[]; readonly version: ApiVersion; readonly owner: string },
): Record<string, unknown> {
  const { fields, version, owner } = use;
  const values: Record<string, unknown> = {};
  let position = 0;
  for (const child of element.children) {
    if (child.namespace !== VIM_NAMESPACE) throw invalidRequest(`Element ${child.name} of ${owner} is not in namespace ${VIM_NAMESPACE}`);
    const index = fields.findIndex((field, at) => at >= position && field.name === child.name && isKnownAt(field, version));
    const field = fields[index];
    if (field === undefined) {
      const where = fields.some((known) => known.name === child.name && isKnownAt(known, version))
        ? 'is out of order or repeated'
        : 'is unknown';
      throw invalidRequest(`Unexpected element tag "${child.name}" seen while parsing ${owner}: it ${where}`);
    }
    const value = decodeItem(child, { field, version });
    if (field.array === true) {
      position = index;
      const list = values[field.name];
      if (Array.isArray(list)) list.push(value);
      else values[field.name] = [value];
    } else {
      position = index + 1;
      values[field.name] = value;
    }
  }
  for (const field of fields) {
    if (field.optional !== true && values[field.name] === undefined && isKnownAt(field, version)) {
      throw invalidRequest(`Required property ${field.name} is missing from data object of type ${owner}`);
    }
  }
  return values;
}

function decodeItem(element: XmlElement, use: { readonly field: Field; readonly version: ApiVersion }): unknown {
  const { field, version } = use;
  const isBare = element.children.length === 0 && element.text === '';
  if (isBare && field.optional === true && !isDataType(field.type) && !MAY_BE_EMPTY.has(field.name)) {
    throw invalidRequest(`Optional element ${field.name} is empty; leave it out`);
  }
  if (field.type === 'ManagedObjectReference') return decodeMoref(element);
  if (field.type === 'anyType') return decodeAny(element, version);
  const named = namedType(element);
  if (isDataType(field.type)) {
    const type = named?.name ?? field.type;
    if (!isDataType(type) || !isDataSubtype(type, field.type))
      throw invalidRequest(`Type ${type} does not fit ${field.name} of type ${field.type}`);
    const decoded = decodeFields(element, { fields: fieldsOf(type), version, owner: type });
    return type === field.type ? decoded : { $type: type, ...decoded };
  }
  if (element.children.length > 0) throw invalidRequest(`Element ${field.name} must hold text only`);
  return decodeText(element.text, { name: field.name, type: field.type });
}

function decodeMoref(element: XmlElement): Moref {
  const type = element.attributes.get('type');
  if (type === undefined || type === '' || element.text === '' || element.children.length > 0) {
    throw invalidRequest(`Element ${element.name} is not a managed object reference with a type attribute`);
  }
  return { type, value: element.text };
}

function decodeAny(element: XmlElement, version: ApiVersion): unknown {
  const named = namedType(element);
  if (named === undefined) throw invalidRequest(`Element ${element.name} needs an xsi:type`);
  if (named.namespace === XSD_NAMESPACE) return decodeText(element.text, { name: element.name, type: named.name });
  if (named.name === 'ManagedObjectReference') return decodeMoref(element);
  if (!isDataType(named.name)) throw invalidRequest(`Type ${named.name} is unknown`);
  return { $type: named.name, ...decodeFields(element, { fields: fieldsOf(named.name), version, owner: named.name }) };
}

function namedType(element: XmlElement): { readonly name: string; readonly namespace: string } | undefined {
  const text = element.attributes.get(XSI_TYPE);
  if (text === undefined) return undefined;
  const colon = text.indexOf(':');
  const namespace = element.prefixes.get(text.slice(0, Math.max(colon, 0)));
  if (namespace === undefined) throw invalidRequest(`The prefix of xsi:type="${text}" is not bound`);
  return { name: text.slice(colon + 1), namespace };
}

function decodeText(text: string, use: { readonly name: string; readonly type: string }): unknown {
  const fail = (): never => {
    throw invalidRequest(`"${text.slice(0, 60)}" is not a valid ${use.type} for ${use.name}`);
  };
  const range = INTEGER_RANGES[use.type];
  if (range !== undefined) {
    if (!/^\s*[+-]?\d{1,20}\s*$/.test(text)) return fail();
    const value = BigInt(text.trim().replace('+', ''));
    return value >= range[0] && value <= range[1] ? Number(value) : fail();
  }
  switch (use.type) {
    case 'boolean':
      if (text === 'true' || text === '1') return true;
      return text === 'false' || text === '0' ? false : fail();
    case 'double':
    case 'float': {
      const value = Number(text);
      return text.trim() === '' || Number.isNaN(value) ? fail() : value;
    }
    case 'dateTime':
      return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$/.test(text) ? text : fail();
    case 'base64Binary':
      return Buffer.from(text, 'base64');
    case 'string':
    case 'anyURI':
      return text;
    default:
      return enumValues(use.type)?.includes(text) === true ? text : fail();
  }
}
