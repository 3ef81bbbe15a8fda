import {
  API_VERSIONS,
  type ApiVersion,
  type Arguments,
  DATA_TYPES,
  type DataType,
  ENUM_TYPES,
  type Field,
  METHODS,
  type Method,
  type MethodName,
  type Moref,
  SOAP_NAMESPACE,
  VIM_NAMESPACE,
  XSD_NAMESPACE,
  XSI_NAMESPACE,
} from '../schema/index.ts';
import { WireError } from './wire-error.ts';

export interface Call<Name extends MethodName = MethodName> {
  readonly method: Name;
  /** The object called. */
  readonly self: Moref;
  readonly args: Arguments<Name>;
  /** Shows up in the server's log next to our call. */
  readonly operationId?: string | undefined;
  /** Fields and methods that this version does not know are refused. Default: no gate. */
  readonly version?: ApiVersion | undefined;
}

interface Context {
  readonly version: ApiVersion | undefined;
  readonly depth: number;
}

const MAX_DEPTH = 32;
const dataTypes: Readonly<Record<string, DataType>> = DATA_TYPES;

/**
 * The envelope of a call. Elements come in schema order and empty optional ones are left out: real servers refuse a call
 * with misplaced or empty elements, simulators often do not.
 */
export function encodeCall<Name extends MethodName>(call: Call<Name>): string {
  const method: Method = METHODS[call.method];
  if (!method.on.includes(call.self.type)) throw invalid(`${call.method} is no method of ${call.self.type}.`);
  const context: Context = { version: call.version, depth: 0 };
  if (!isKnownTo(context, method.since)) throw invalid(`${call.method} is newer than the server's API version.`);
  const header =
    call.operationId === undefined
      ? ''
      : `<soapenv:Header><operationID xmlns="${VIM_NAMESPACE}">${escapeText(call.operationId)}</operationID></soapenv:Header>`;
  const args = call.args as Readonly<Record<string, unknown>>;
  refuseStrangers(args, { fields: method.params, owner: call.method });
  return (
    '<?xml version="1.0" encoding="UTF-8"?>' +
    `<soapenv:Envelope xmlns:soapenv="${SOAP_NAMESPACE}" xmlns:xsd="${XSD_NAMESPACE}" xmlns:xsi="${XSI_NAMESPACE}">${header}` +
    `<soapenv:Body><${call.method} xmlns="${VIM_NAMESPACE}">${encodeMoref('_this', call.self, '')}` +
    `${encodeFields(args, method.params, context)}</${call.method}></soapenv:Body></soapenv:Envelope>`
  );
}

function encodeFields(values: Readonly<Record<string, unknown>>, fields: readonly Field[], context: Context): string {
  let xml = '';
  for (const field of fields) xml += encodeField(values[field.name], field, context);
  return xml;
}

function encodeField(value: unknown, field: Field, context: Context): string {
  if (value === undefined || value === null) {
    if (field.optional !== true && field.array !== true) throw invalid(`${field.name} is missing.`);
    return '';
  }
  if (!isKnownTo(context, field.since)) throw invalid(`${field.name} is newer than the server's API version.`);
  if (field.array === true) {
    if (!Array.isArray(value)) throw invalid(`${field.name} is no list.`);
    return value.map((item: unknown) => encodeItem(item, field, context)).join('');
  }
  const xml = encodeItem(value, field, context);
  return field.optional === true && xml === `<${field.name}></${field.name}>` ? '' : xml;
}

function encodeItem(value: unknown, field: Field, context: Context): string {
  const { name, type } = field;
  if (type === 'ManagedObjectReference') return encodeMoref(name, toMoref(value, name), '');
  if (type === 'anyType') return encodeAny(value, name, context);
  if (type in dataTypes) return encodeStruct(value, field, context);
  return `<${name}>${encodeLeaf(value, field)}</${name}>`;
}

function encodeStruct(value: unknown, field: Pick<Field, 'name' | 'type'>, context: Context): string {
  if (typeof value !== 'object' || value === null) throw invalid(`${field.name} is no ${field.type}.`);
  if (context.depth >= MAX_DEPTH) throw invalid(`${field.name} is nested too deep.`);
  const values = value as Readonly<Record<string, unknown>>;
  const named = values['$type'];
  const type = typeof named === 'string' ? named : field.type;
  const lineage = toLineage(type);
  if (!lineage.includes(field.type)) throw invalid(`${type} is no ${field.type}.`);
  const fields = lineage.toReversed().flatMap((each) => dataTypes[each]?.fields ?? []);
  refuseStrangers(values, { fields, owner: type });
  const attribute = type === field.type ? '' : ` xsi:type="${type}"`;
  return `<${field.name}${attribute}>${encodeFields(values, fields, { ...context, depth: context.depth + 1 })}</${field.name}>`;
}

function encodeAny(value: unknown, name: string, context: Context): string {
  if (typeof value === 'string') return `<${name} xsi:type="xsd:string">${escapeText(value)}</${name}>`;
  if (typeof value === 'boolean') return `<${name} xsi:type="xsd:boolean">${value}</${name}>`;
  if (typeof value === 'number') return `<${name} xsi:type="xsd:${toNumberType(value)}">${encodeNumber(value, name)}</${name}>`;
  if (typeof value === 'object' && value !== null && '$type' in value && typeof value.$type === 'string') {
    if (!(value.$type in dataTypes)) throw invalid(`${name} has a type that the schema does not know.`);
    const xml = encodeStruct(value, { name, type: value.$type }, context);
    return `<${name} xsi:type="${value.$type}"${xml.slice(name.length + 1)}`;
  }
  return encodeMoref(name, toMoref(value, name), ' xsi:type="ManagedObjectReference"');
}

function encodeMoref(name: string, moref: Moref, attributes: string): string {
  return `<${name}${attributes} type="${escapeAttribute(moref.type)}">${escapeText(moref.value)}</${name}>`;
}

function encodeLeaf(value: unknown, { name, type }: Field): string {
  const kind = LEAF_KINDS[type] ?? 'text';
  if (kind === 'boolean' && typeof value === 'boolean') return String(value);
  if (kind === 'whole' && Number.isSafeInteger(value)) return String(value);
  if (kind === 'number' && typeof value === 'number') return encodeNumber(value, name);
  if (kind === 'binary' && value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (kind !== 'text' || typeof value !== 'string') throw invalid(`${name} is no ${type}.`);
  if (type in ENUM_TYPES && !isOneOf(ENUM_TYPES[type as keyof typeof ENUM_TYPES], value)) throw invalid(`${name} is no ${type}.`);
  return escapeText(value);
}

const LEAF_KINDS: Readonly<Record<string, 'boolean' | 'whole' | 'number' | 'binary'>> = {
  boolean: 'boolean',
  int: 'whole',
  long: 'whole',
  short: 'whole',
  byte: 'whole',
  double: 'number',
  float: 'number',
  base64Binary: 'binary',
};

function toLineage(type: string): readonly string[] {
  const lineage: string[] = [];
  for (let name: string | undefined = type; name !== undefined && name in dataTypes; name = dataTypes[name]?.extends) lineage.push(name);
  return lineage;
}

function toMoref(value: unknown, name: string): Moref {
  if (typeof value === 'object' && value !== null && 'type' in value && 'value' in value) {
    const { type, value: id } = value;
    if (typeof type === 'string' && typeof id === 'string') return { type, value: id };
  }
  throw invalid(`${name} is no reference to an object.`);
}

function toNumberType(value: number): string {
  if (!Number.isSafeInteger(value)) return 'double';
  return value >= -(2 ** 31) && value < 2 ** 31 ? 'int' : 'long';
}

function encodeNumber(value: number, name: string): string {
  if (!Number.isFinite(value)) throw invalid(`${name} is no finite number.`);
  return String(value);
}

function isKnownTo({ version }: Context, since: ApiVersion | undefined): boolean {
  return version === undefined || since === undefined || API_VERSIONS.indexOf(version) >= API_VERSIONS.indexOf(since);
}

function isOneOf(words: readonly string[], word: string): boolean {
  return words.includes(word);
}

/** A misspelt optional field would be lost without a word. */
function refuseStrangers(values: object, type: { readonly fields: readonly Field[]; readonly owner: string }): void {
  for (const key of Object.keys(values)) {
    if (key !== '$type' && !type.fields.some((field) => field.name === key)) throw invalid(`${type.owner} has no field ${key}.`);
  }
}

function invalid(message: string): WireError {
  return new WireError({ code: 'VSPHERE_CALL_INVALID', message });
}

/** XML 1.0 holds no control characters but tab, line feed and carriage return, and neither of the two non-characters. */
function isXmlText(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20 ? code !== 0x09 && code !== 0x0a && code !== 0x0d : code >= 0xfffe) return false;
  }
  return text.isWellFormed();
}

function escapeText(text: string): string {
  if (!isXmlText(text)) throw invalid('A text holds a character that XML cannot carry.');
  // A carriage return would be read back as a line feed.
  return text.replace(/[&<>\r]/g, (character) => ESCAPES[character] ?? character);
}

function escapeAttribute(text: string): string {
  return escapeText(text).replace(/["\t\n]/g, (character) => ESCAPES[character] ?? character);
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '\r': '&#13;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
};
