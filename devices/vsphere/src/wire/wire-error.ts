import { OpsError } from '@breakwater/kernel';

/**
 * `VSPHERE_NOT_XML`: HTML, plain text, cut off or not well-formed. `VSPHERE_NOT_SOAP`: XML, but no answer to our call.
 * `VSPHERE_ANSWER_TOO_LARGE`: beyond a limit. `VSPHERE_VALUE_INVALID`: a number or boolean that is none.
 * `VSPHERE_CALL_INVALID`: what we were asked to send does not fit the schema or XML.
 */
export type WireErrorCode =
  | 'VSPHERE_NOT_XML'
  | 'VSPHERE_NOT_SOAP'
  | 'VSPHERE_ANSWER_TOO_LARGE'
  | 'VSPHERE_VALUE_INVALID'
  | 'VSPHERE_CALL_INVALID';

/** The only thing that `wire/` throws. Texts name what is wrong, never content of the answer. */
export class WireError extends OpsError {
  constructor(options: { readonly code: WireErrorCode; readonly message: string; readonly details?: Readonly<Record<string, unknown>> }) {
    super(options);
    this.name = 'WireError';
  }
}

export const notXml = (message: string): WireError => new WireError({ code: 'VSPHERE_NOT_XML', message });
export const notSoap = (message: string): WireError => new WireError({ code: 'VSPHERE_NOT_SOAP', message });
export const tooLarge = (limit: string): WireError =>
  new WireError({ code: 'VSPHERE_ANSWER_TOO_LARGE', message: `The answer exceeds a limit: ${limit}.`, details: { limit } });
