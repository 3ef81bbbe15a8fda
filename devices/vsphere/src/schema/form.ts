/** How the foreign API's types, methods and properties are written down in this folder: as data, in schema order. */

/** API versions in ascending order, as a server names them in `vimServiceVersions.xml`. */
export const API_VERSIONS = [
  '6.0',
  '6.5',
  '6.7',
  '6.7.1',
  '6.7.2',
  '6.7.3',
  '7.0.0.0',
  '7.0.0.2',
  '7.0.1.0',
  '7.0.1.1',
  '7.0.2.0',
  '7.0.2.1',
  '7.0.3.0',
  '7.0.3.1',
  '7.0.3.2',
  '8.0.0.0',
  '8.0.0.1',
  '8.0.0.2',
  '8.0.1.0',
  '8.0.2.0',
  '8.0.3.0',
  '9.0.0.0',
] as const;
export type ApiVersion = (typeof API_VERSIONS)[number];

export type Primitive =
  | 'string'
  | 'int'
  | 'long'
  | 'short'
  | 'byte'
  | 'double'
  | 'float'
  | 'boolean'
  | 'dateTime'
  | 'base64Binary'
  | 'anyType'
  | 'anyURI';

/** One element of a data type, method call or managed object. The position in its list is its position on the wire. */
export interface Field {
  readonly name: string;
  /** A primitive, `ManagedObjectReference`, or the name of a data or enum type of this schema. */
  readonly type: Primitive | 'ManagedObjectReference' | (string & {});
  readonly array?: true;
  readonly optional?: true;
  /** First version that knows the field; asking an older server for it fails the whole call. */
  readonly since?: ApiVersion;
}

export interface DataType {
  /** Base-class fields come first on the wire. */
  readonly extends?: string;
  readonly fields: readonly Field[];
}

export interface Method {
  /** Managed object types that have the method. */
  readonly on: readonly string[];
  readonly params: readonly Field[];
  readonly returns?: { readonly type: Field['type']; readonly array?: true };
  readonly since?: ApiVersion;
  /** Missing on standalone hosts (`apiType` HostAgent). */
  readonly vCenterOnly?: true;
}

export interface ManagedType {
  readonly extends?: string;
  readonly properties: readonly Field[];
}
