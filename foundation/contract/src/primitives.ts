import { z } from 'zod';

/** Wall time as ISO 8601 in UTC. */
export const instantSchema = z.iso.datetime();

/** Every error of the API: RFC 9457 problem details plus our stable code. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  /** Stable code; the browser translates it with `details` as parameters. */
  code: z.string(),
  detail: z.string(),
  details: z.record(z.string(), z.unknown()).optional(),
  /** Identifies the request in the server's log. */
  request_id: z.string(),
});
export type Problem = z.infer<typeof problemSchema>;

export const roleSchema = z.enum(['viewer', 'operator', 'admin']);
export type Role = z.infer<typeof roleSchema>;

/** Names that people give: any script, no control characters, at most 120 code units. */
export const labelSchema = z
  .string()
  .trim()
  .min(1)
  .max(120)
  .regex(/^[^\p{Cc}\p{Cf}]*$/u, 'must not hold control characters');
