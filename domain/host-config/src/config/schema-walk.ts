import type { z } from 'zod';

/** An object schema below whatever wraps it (default, prefault, optional, nullable, refinements); null for anything else. */
export function toShape(schema: z.core.$ZodType): Readonly<Record<string, z.core.$ZodType>> | null {
  const inner = unwrap(schema);
  return inner._zod.def.type === 'object' ? (inner as z.core.$ZodObject)._zod.def.shape : null;
}

/** The schema of the values of a record; null for anything else. */
export function toRecordValue(schema: z.core.$ZodType): z.core.$ZodType | null {
  const inner = unwrap(schema);
  return inner._zod.def.type === 'record' ? (inner as z.core.$ZodRecord)._zod.def.valueType : null;
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  const def = schema._zod.def as z.core.$ZodTypeDef & { readonly innerType?: z.core.$ZodType };
  return def.innerType === undefined ? schema : unwrap(def.innerType);
}

/** The schema at a path, or null where the schema knows no such key. */
export function findSchema(schema: z.core.$ZodType, path: readonly PropertyKey[]): z.core.$ZodType | null {
  const [key, ...rest] = path;
  if (key === undefined) return schema;
  const shape = toShape(schema);
  const next = shape === null ? toRecordValue(schema) : (shape[String(key)] ?? null);
  return next === null ? null : findSchema(next, rest);
}

export interface SettingRow {
  readonly path: readonly string[];
  readonly description: string;
  readonly defaultValue: unknown;
  /** A group only has a description. */
  readonly isGroup: boolean;
}

/** Every key in the order of the schema, groups before what is in them. `defaults` is what the schema makes of nothing. */
export function listSettings(schema: z.ZodType, defaults: unknown): readonly SettingRow[] {
  const rows: SettingRow[] = [];
  const visit = (each: z.core.$ZodType, value: unknown, path: readonly string[]): void => {
    const shape = toShape(each);
    if (path.length > 0) {
      const description = (each as z.ZodType).description ?? '';
      rows.push({ path, description, defaultValue: value, isGroup: shape !== null });
    }
    for (const [key, child] of Object.entries(shape ?? {})) visit(child, (value as Readonly<Record<string, unknown>>)[key], [...path, key]);
  };
  visit(schema, defaults, []);
  return rows;
}
