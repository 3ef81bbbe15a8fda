import type { DATA_TYPES } from './data-types.ts';
import type { ENUM_TYPES } from './enum-types.ts';
import type { Field, Primitive } from './form.ts';
import type { MANAGED_TYPES } from './managed-types.ts';
import type { METHODS } from './methods.ts';

/** TypeScript shapes read off the schema, so that names are written down once. */

/** Reference to an object on the server. The value is opaque and unique per server only. */
export interface Moref {
  readonly type: string;
  readonly value: string;
}

export type DataTypeName = keyof typeof DATA_TYPES;
export type ManagedTypeName = keyof typeof MANAGED_TYPES;
export type MethodName = keyof typeof METHODS;

type FieldsOf<Name> = Name extends DataTypeName
  ? (typeof DATA_TYPES)[Name] extends { readonly extends: infer Base; readonly fields: infer Own extends readonly Field[] }
    ? FieldsOf<Base> | Own[number]
    : (typeof DATA_TYPES)[Name] extends { readonly fields: infer Own extends readonly Field[] }
      ? Own[number]
      : never
  : never;

/** The type itself and all that extend it. */
type Family<Name> =
  | Name
  | {
      [Key in DataTypeName]: (typeof DATA_TYPES)[Key] extends { readonly extends: infer Base }
        ? Base extends Name
          ? Family<Key>
          : never
        : never;
    }[DataTypeName];

interface PrimitiveShapes {
  readonly string: string;
  readonly int: number;
  readonly long: number;
  readonly short: number;
  readonly byte: number;
  readonly double: number;
  readonly float: number;
  readonly boolean: boolean;
  /** ISO 8601 as sent. */
  readonly dateTime: string;
  readonly base64Binary: Uint8Array;
  readonly anyType: unknown;
  readonly anyURI: string;
}

type EnumShape<Name> = Name extends keyof typeof ENUM_TYPES ? (typeof ENUM_TYPES)[Name][number] : never;

/** A decoded data type. Every field may be absent, because the other side decides what it sends. */
export type Value<Name extends DataTypeName> = {
  /** Name of the type as sent, when the wire named one: a subtype, possibly one that this schema does not know. */
  readonly $type?: string;
} & {
  readonly [Entry in FieldsOf<Name> as Entry['name']]?: Entry extends { readonly array: true }
    ? readonly DecodedItem<Entry['type']>[]
    : DecodedItem<Entry['type']>;
};

type DecodedItem<Type> = Type extends 'ManagedObjectReference'
  ? Moref
  : Type extends Primitive
    ? PrimitiveShapes[Type]
    : Type extends DataTypeName
      ? Value<Type>
      : /* A value that a newer server adds must stay visible. */ EnumShape<Type> | (string & {});

/** A data type to send: required fields are required. `$type` names the subtype where one is meant. */
export type Encodable<Name extends DataTypeName> = { readonly $type?: Name } & EncodableFields<FieldsOf<Name>>;

type EncodableFields<Entry extends Field> = {
  readonly [Each in Extract<Entry, { readonly optional: true }> as Each['name']]?: EncodableField<Each> | undefined;
} & {
  readonly [Each in Exclude<Entry, { readonly optional: true }> as Each['name']]: EncodableField<Each>;
};

type EncodableField<Entry extends Field> = Entry extends { readonly array: true }
  ? readonly EncodableItem<Entry['type']>[]
  : EncodableItem<Entry['type']>;

type EncodableItem<Type> = Type extends 'ManagedObjectReference'
  ? Moref
  : Type extends Primitive
    ? PrimitiveShapes[Type]
    : Type extends DataTypeName
      ? { [Key in Family<Type> & DataTypeName]: Encodable<Key> }[Family<Type> & DataTypeName]
      : EnumShape<Type>;

type ParamsOf<Name extends MethodName> = (typeof METHODS)[Name]['params'][number];

/** Arguments of a call, without `_this`. */
export type Arguments<Name extends MethodName> = [ParamsOf<Name>] extends [never]
  ? Readonly<Record<string, never>>
  : EncodableFields<Extract<ParamsOf<Name>, Field>>;

/** What a call answers. `undefined` where the server may answer nothing. */
export type Result<Name extends MethodName> = (typeof METHODS)[Name] extends { readonly returns: infer Returns }
  ? Returns extends { readonly type: infer Type; readonly array: true }
    ? readonly DecodedItem<Type>[]
    : Returns extends { readonly type: infer Type }
      ? DecodedItem<Type> | undefined
      : undefined
  : undefined;
