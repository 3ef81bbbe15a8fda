import type { Moref } from '@breakwater/vsphere/schema';
import type { SimObject } from './world.ts';

/** An object whose properties are values or functions computed at reading. */
export class PlainObject implements SimObject {
  readonly ref: Moref;
  readonly parent: Moref | undefined;
  revision = 0;
  readonly #properties: Readonly<Record<string, () => unknown>>;

  constructor(ref: Moref, options: { readonly parent?: Moref | undefined; readonly properties: Readonly<Record<string, () => unknown>> }) {
    this.ref = ref;
    this.parent = options.parent;
    this.#properties = options.properties;
  }

  read(property: string): unknown {
    return Object.hasOwn(this.#properties, property) ? this.#properties[property]?.() : undefined;
  }
}
