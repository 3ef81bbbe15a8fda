import {
  type ApiVersion,
  METHODS,
  type Method,
  type Moref,
  SOAP_NAMESPACE,
  VIM_NAMESPACE,
  XSD_NAMESPACE,
  XSI_NAMESPACE,
} from '@breakwater/vsphere/schema';
import { escapeXml } from '../xml/escape-xml.ts';
import { readXml, type XmlElement } from '../xml/read-xml.ts';
import { decodeFields } from './decode-value.ts';
import { encodeFault, encodeField } from './encode-value.ts';
import { isKnownAt } from './schema-lookup.ts';
import { invalidRequest, type SoapFault } from './soap-fault.ts';

const methods: Readonly<Record<string, Method>> = METHODS;

/** Calls that exist in the foreign API but that no product simulated here carries out. */
const UNSUPPORTED: ReadonlySet<string> = new Set([
  'CloneVM_Task',
  'MarkAsTemplate',
  'MarkAsVirtualMachine',
  'RelocateVM_Task',
  'MigrateVM_Task',
  'CustomizeVM_Task',
  'CheckCustomizationSpec',
]);

export type SoapCall =
  | {
      readonly kind: 'call';
      readonly name: string;
      readonly method: Method;
      readonly target: Moref;
      readonly args: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'unsupported'; readonly name: string; readonly target: Moref };

/** The one element inside the body of an envelope. */
export function openEnvelope(source: string): XmlElement {
  const envelope = readXml(source);
  if (envelope.name !== 'Envelope' || envelope.namespace !== SOAP_NAMESPACE) throw invalidRequest('Not a SOAP envelope');
  const body = envelope.children.find((child) => child.name === 'Body' && child.namespace === SOAP_NAMESPACE);
  const [call, ...others] = body?.children ?? [];
  if (call === undefined || others.length > 0) throw invalidRequest('The SOAP body must hold exactly one call');
  return call;
}

export function decodeCall(element: XmlElement, version: ApiVersion): SoapCall {
  const { name } = element;
  if (element.namespace !== VIM_NAMESPACE) throw invalidRequest(`Call ${name} is not in namespace ${VIM_NAMESPACE}`);
  const self = element.children[0];
  const type = self?.attributes.get('type');
  if (self === undefined || self.name !== '_this' || type === undefined || self.text === '') {
    throw invalidRequest(`Call ${name} does not start with _this and its type`);
  }
  const target = { type, value: self.text };
  if (UNSUPPORTED.has(name)) return { kind: 'unsupported', name, target };
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (method === undefined || !isKnownAt(method, version)) throw invalidRequest(`Unable to resolve WSDL method name ${name}`);
  if (!method.on.includes(type)) throw invalidRequest(`Method ${name} is not found on type ${type}`);
  const args = decodeFields({ ...element, children: element.children.slice(1) }, { fields: method.params, version, owner: name });
  return { kind: 'call', name, method, target, args };
}

const OPEN = `<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/" xmlns:soapenv="${SOAP_NAMESPACE}" xmlns:xsd="${XSD_NAMESPACE}" xmlns:xsi="${XSI_NAMESPACE}">\n<soapenv:Body>\n`;
const CLOSE = '\n</soapenv:Body>\n</soapenv:Envelope>';

export function encodeResponse(call: { readonly name: string; readonly method: Method }, result: unknown, version: ApiVersion): string {
  const { returns } = call.method;
  const inner = returns === undefined ? '' : encodeField({ name: 'returnval', ...returns }, result, version);
  return `${OPEN}<${call.name}Response xmlns="${VIM_NAMESPACE}">${inner}</${call.name}Response>${CLOSE}`;
}

export function encodeFaultResponse(fault: SoapFault, version: ApiVersion): string {
  return `${OPEN}<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>${escapeXml(fault.message)}</faultstring><detail>${encodeFault(fault, version)}</detail></soapenv:Fault>${CLOSE}`;
}
