import type { Moref } from '@breakwater/vsphere/schema';

/** A fault as the wire carries it: a type of the foreign API with its fields, and a text for people. */
export class SoapFault extends Error {
  readonly type: string;
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(type: string, options: { readonly text?: string; readonly fields?: Readonly<Record<string, unknown>> } = {}) {
    super(options.text ?? type);
    this.name = 'SoapFault';
    this.type = type;
    this.fields = options.fields ?? {};
  }
}

export const invalidRequest = (text: string): SoapFault => new SoapFault('InvalidRequest', { text });

export const invalidArgument = (property: string): SoapFault =>
  new SoapFault('InvalidArgument', { text: `A specified parameter was not correct: ${property}`, fields: { invalidProperty: property } });

export const notFound = (ref: Moref): SoapFault =>
  new SoapFault('ManagedObjectNotFound', {
    text: `The object '${ref.type}:${ref.value}' has already been deleted or has not been completely created`,
    fields: { obj: ref },
  });

export const notSupported = (): SoapFault => new SoapFault('NotSupported', { text: 'The operation is not supported on the object.' });

export const invalidProperty = (name: string): SoapFault => new SoapFault('InvalidProperty', { text: '', fields: { name } });
