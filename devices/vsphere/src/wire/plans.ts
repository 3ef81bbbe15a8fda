import { DATA_TYPES, type DataType, ENUM_TYPES, type Field, METHODS, type Method } from '../schema/index.ts';
import { WireError } from './wire-error.ts';

/** How to turn an element into a value. Compiled from the schema once. */
export type Plan = LeafPlan | StructPlan | ListPlan | { readonly kind: 'moref' } | { readonly kind: 'any' } | { readonly kind: 'skip' };

export interface LeafPlan {
  readonly kind: 'leaf';
  readonly convert: (text: string) => unknown;
}

export interface StructPlan {
  readonly kind: 'struct';
  readonly name: string;
  readonly fields: ReadonlyMap<string, FieldPlan>;
  /** The type itself and its bases. */
  readonly family: ReadonlySet<string>;
  /** The same for a subtype that the schema does not know: plain fields are kept as text. */
  readonly opened: StructPlan | undefined;
}

/** `ArrayOfX`: a property value that is an array. */
export interface ListPlan {
  readonly kind: 'list';
  readonly item: Plan;
}

export interface FieldPlan {
  readonly name: string;
  readonly plan: Plan;
  readonly isArray: boolean;
}

export const SKIP: Plan = { kind: 'skip' };
export const ANY: Plan = { kind: 'any' };
export const MOREF: Plan = { kind: 'moref' };
export const STRING: LeafPlan = { kind: 'leaf', convert: (text) => text };

const NUMBER: LeafPlan = { kind: 'leaf', convert: toNumber };
const BOOLEAN: LeafPlan = { kind: 'leaf', convert: toBoolean };
const BINARY: LeafPlan = { kind: 'leaf', convert: (text) => new Uint8Array(Buffer.from(text, 'base64')) };

const PRIMITIVE_PLANS: ReadonlyMap<string, Plan> = new Map<string, Plan>([
  ['string', STRING],
  ['anyURI', STRING],
  // Kept as sent: whoever needs an instant knows whether fractions and zones matter.
  ['dateTime', STRING],
  ['int', NUMBER],
  // Byte counts stay exact up to 9 PB, the only longs this schema holds.
  ['long', NUMBER],
  ['short', NUMBER],
  ['byte', NUMBER],
  ['double', NUMBER],
  ['float', NUMBER],
  ['boolean', BOOLEAN],
  ['base64Binary', BINARY],
  ['anyType', ANY],
  ['ManagedObjectReference', MOREF],
]);

function toNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && (Number.isFinite(value) || text === 'NaN')) return value;
  if (text === 'INF') return Number.POSITIVE_INFINITY;
  if (text === '-INF') return Number.NEGATIVE_INFINITY;
  throw new WireError({ code: 'VSPHERE_VALUE_INVALID', message: 'A field that should be a number is none.' });
}

function toBoolean(text: string): boolean {
  const word = text.trim();
  if (word === 'true' || word === '1') return true;
  if (word === 'false' || word === '0') return false;
  throw new WireError({ code: 'VSPHERE_VALUE_INVALID', message: 'A field that should be true or false is neither.' });
}

interface DraftStruct {
  readonly kind: 'struct';
  readonly name: string;
  readonly fields: Map<string, FieldPlan>;
  readonly family: Set<string>;
  opened: StructPlan | undefined;
}

/** Plans for every type and method of the schema. */
export class Plans {
  readonly #types = new Map<string, Plan>(PRIMITIVE_PLANS);

  constructor() {
    const types: Readonly<Record<string, DataType>> = DATA_TYPES;
    for (const name of Object.keys(ENUM_TYPES)) this.#types.set(name, STRING);
    const drafts = Object.keys(types).map((name): DraftStruct => {
      const shared = { kind: 'struct', name, fields: new Map<string, FieldPlan>(), family: new Set<string>() } as const;
      return { ...shared, opened: { ...shared, opened: undefined } };
    });
    for (const draft of drafts) this.#types.set(draft.name, draft);
    for (const draft of drafts) {
      for (let name: string | undefined = draft.name; name !== undefined; name = types[name]?.extends) {
        draft.family.add(name);
        for (const field of types[name]?.fields ?? []) draft.fields.set(field.name, this.#toFieldPlan(field));
      }
    }
  }

  struct(name: keyof typeof DATA_TYPES): StructPlan {
    return this.#types.get(name) as StructPlan;
  }

  /** How to read `returnval`; undefined when the method answers nothing. */
  result(method: keyof typeof METHODS): FieldPlan | undefined {
    const { returns }: Method = METHODS[method];
    return returns === undefined ? undefined : this.#toFieldPlan({ name: 'returnval', ...returns });
  }

  /** The plan for an element whose declared type is `declared` and which calls itself `xsiType`. */
  resolve(declared: Plan, xsiType: string): Plan {
    // A declared number stays a number whatever the wire says: the caller's types must hold.
    if (declared.kind !== 'any' && declared.kind !== 'struct') return declared;
    const actual = this.#types.get(xsiType);
    if (declared.kind === 'struct') {
      return actual?.kind === 'struct' && actual.family.has(declared.name) ? actual : (declared.opened ?? declared);
    }
    if (actual !== undefined) return actual;
    return xsiType.startsWith('ArrayOf') ? this.#list(xsiType) : ANY;
  }

  #list(listName: string): Plan {
    const itemName = listName.slice('ArrayOf'.length);
    const name = this.#types.has(itemName) ? itemName : itemName.charAt(0).toLowerCase() + itemName.slice(1);
    return { kind: 'list', item: this.#types.get(name) ?? ANY };
  }

  #toFieldPlan(field: Pick<Field, 'name' | 'type' | 'array'>): FieldPlan {
    const plan = this.#types.get(field.type);
    if (plan === undefined) throw new WireError({ code: 'VSPHERE_CALL_INVALID', message: `The schema has no type ${field.type}.` });
    return { name: field.name, plan, isArray: field.array === true };
  }
}
