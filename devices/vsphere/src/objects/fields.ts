import type { Moref } from '../schema/index.ts';

/**
 * Reads properties whose type the server itself names, so that a wrong one is the same as none. Names are schema fields or
 * property paths.
 */
export class Fields {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: unknown) {
    this.#values = typeof values === 'object' && values !== null ? (values as Readonly<Record<string, unknown>>) : {};
  }

  text(name: string): string | null {
    const value = this.#values[name];
    return typeof value === 'string' ? value : null;
  }

  number(name: string): number | null {
    const value = this.#values[name];
    return typeof value === 'number' && Number.isFinite(value) ? value : null;
  }

  flag(name: string): boolean | null {
    const value = this.#values[name];
    return typeof value === 'boolean' ? value : null;
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined;
  }

  /** Empty when absent: every field of it then reads as null. */
  struct(name: string): Fields {
    return new Fields(this.#values[name]);
  }

  structs(name: string): readonly Fields[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value.map((each) => new Fields(each)) : [];
  }

  texts(name: string): readonly string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];
  }

  ref(name: string): Moref | null {
    return toMoref(this.#values[name]);
  }

  refs(name: string): readonly Moref[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value.map(toMoref).filter((each) => each !== null) : [];
  }
}

function toMoref(value: unknown): Moref | null {
  if (typeof value !== 'object' || value === null) return null;
  const { type, value: id } = value as { readonly type?: unknown; readonly value?: unknown };
  return typeof type === 'string' && typeof id === 'string' ? { type, value: id } : null;
}
