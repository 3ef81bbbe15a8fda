import type { DataTypeName } from '../schema/index.ts';

/**
 * Puts what is needed of a struct in the place of the struct as soon as its last byte is read, so that a large answer is
 * never held whole. Must be pure: an answer that breaks off may be asked for and read again.
 */
export interface Digest {
  /** Subtypes count as well. */
  readonly type: DataTypeName;
  readonly toKept: (struct: Readonly<Record<string, unknown>>) => unknown;
}
