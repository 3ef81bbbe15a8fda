import { type ApiVersion, type Field, type Moref, VIM_NAMESPACE } from '@breakwater/vsphere/schema';
import { escapeXml } from '../xml/escape-xml.ts';
import { enumValues, fieldsOf, isDataType, isKnownAt } from './schema-lookup.ts';

/** A value for an `anyType` slot: the wire has to name its type. */
export interface TypedValue {
  readonly $any: string;
  readonly value: unknown;
}

/** A `val` element that is written already. */
export class EncodedXml {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Writes one field, or nothing when the value is absent. Fields that `version` does not know are left out. */
export function encodeField(field: Field, value: unknown, version: ApiVersion): string {
  if (value === undefined || value === null || !isKnownAt(field, version)) return '';
  if (field.array !== true) return encodeElement(field.name, { type: field.type, value, version });
  let text = '';
  for (const item of value as readonly unknown[]) text += encodeElement(field.name, { type: field.type, value: item, version });
  return text;
}

export interface ElementContent {
  readonly type: string;
  readonly value: unknown;
  readonly version: ApiVersion;
}

/** One element whose type is known from its place; a subtype or an `anyType` value is named by `xsi:type`. */
export function encodeElement(name: string, content: ElementContent): string {
  const { type, value, version } = content;
  if (type === 'ManagedObjectReference') return `<${name}${typeAttribute(value)}>${escapeXml((value as Moref).value)}</${name}>`;
  if (value instanceof EncodedXml) return value.text;
  if (type === 'anyType') return encodeTyped(name, { typed: value as TypedValue, version });
  if (isDataType(type)) {
    const own = (value as { readonly $type?: string }).$type ?? type;
    const hint = own === type ? '' : ` xsi:type="${own}"`;
    return `<${name}${hint}>${encodeFields(own, value, version)}</${name}>`;
  }
  return `<${name}>${encodeText(value)}</${name}>`;
}

/** The value of a property path: always carries `xsi:type`, arrays wrapped as `ArrayOfX`. */
export function encodeProperty(field: Field, value: unknown, version: ApiVersion): string {
  if (value === undefined || value === null) return '';
  if (field.array === true) {
    const item = field.type;
    let inner = '';
    for (const entry of value as readonly unknown[]) inner += encodeElement(item, { type: field.type, value: entry, version });
    return `<val xsi:type="ArrayOf${upperFirst(item)}">${inner}</val>`;
  }
  // A slot for anything holds a value that says itself what it is.
  const typed = field.type === 'anyType' ? (value as TypedValue) : { $any: field.type, value };
  return encodeTyped('val', { typed, version });
}

function encodeTyped(name: string, content: { readonly typed: TypedValue; readonly version: ApiVersion }): string {
  const { $any: type, value } = content.typed;
  if (type === 'ManagedObjectReference') {
    return `<${name} xsi:type="ManagedObjectReference"${typeAttribute(value)}>${escapeXml((value as Moref).value)}</${name}>`;
  }
  if (isDataType(type)) {
    const own = (value as { readonly $type?: string }).$type ?? type;
    return `<${name} xsi:type="${own}">${encodeFields(own, value, content.version)}</${name}>`;
  }
  const xsiType = enumValues(type) === undefined ? `xsd:${type}` : type;
  return `<${name} xsi:type="${xsiType}">${encodeText(value)}</${name}>`;
}

function encodeFields(type: string, value: unknown, version: ApiVersion): string {
  const record = value as Readonly<Record<string, unknown>>;
  let text = '';
  for (const field of fieldsOf(type)) text += encodeField(field, record[field.name], version);
  return text;
}

/** `<detail>` content of a fault. */
export function encodeFault(
  fault: { readonly type: string; readonly fields: Readonly<Record<string, unknown>> },
  version: ApiVersion,
): string {
  return `<${fault.type}Fault xmlns="${VIM_NAMESPACE}" xsi:type="${fault.type}">${encodeFields(fault.type, fault.fields, version)}</${fault.type}Fault>`;
}

const typeAttribute = (value: unknown): string => ` type="${escapeXml((value as Moref).type)}"`;
const upperFirst = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function encodeText(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return escapeXml(String(value));
}
