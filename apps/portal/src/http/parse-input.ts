import { OpsError } from '@breakwater/kernel';
import type { z } from 'zod';

export type InputPart = 'path' | 'query' | 'body';

/** How many faults of one request are told; a hostile body can have thousands. */
const MAX_FAULTS = 10;

/** Parses one part of a request, or throws `PORTAL_REQUEST_INVALID` that names each fault without repeating the value. */
export function parseInput(schema: z.ZodType | undefined, value: unknown, options: { readonly part: InputPart }): unknown {
  if (schema === undefined) return undefined;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const faults = result.error.issues.slice(0, MAX_FAULTS).map((issue) => ({
    path: issue.path.map(String).join('.').slice(0, 100),
    message: issue.message.slice(0, 200),
  }));
  const first = faults[0];
  const where = first === undefined || first.path === '' ? `the ${options.part}` : `"${first.path}" in the ${options.part}`;
  throw new OpsError({
    code: 'PORTAL_REQUEST_INVALID',
    message: `The request is not valid: ${where}: ${first?.message ?? 'unknown fault'}.`,
    details: { part: options.part, faults },
  });
}
