import { z } from 'zod';
import { operationSchema, powerVerbSchema } from './machines.ts';
import { instantSchema } from './primitives.ts';

/** An operation that was lost on the way: it failed for a reason that may pass, or nobody knows whether it happened. */
export const deadLetterSchema = z.object({
  id: z.string(),
  server_id: z.string(),
  moid: z.string(),
  machine_name: z.string(),
  verb: powerVerbSchema,
  /** Who asked for it first. */
  actor: z.string(),
  /** `failed`: it did not happen. `unknown`: it may have. */
  outcome: z.enum(['failed', 'unknown']),
  /** False for acts that leave no trace in the machine's state: nothing can tell whether one of unknown outcome has happened. */
  is_provable: z.boolean(),
  error_code: z.string(),
  error: z.string(),
  attempts: z.number().int(),
  /** Of the last attempt. */
  operation_id: z.string(),
  created_at: instantSchema,
  failed_at: instantSchema,
});
export type DeadLetterView = z.infer<typeof deadLetterSchema>;

/** Newest failure first. */
export const deadLetterListSchema = z.object({ dead_letters: z.array(deadLetterSchema), total: z.number().int() });
export type DeadLetterList = z.infer<typeof deadLetterListSchema>;

/** `accept_repetition`: a person knows that an act of unknown outcome which nothing can prove may happen twice. */
export const deadLetterRetrySchema = z.object({ accept_repetition: z.boolean().default(false) }).strict();

/** `begun`: sent again, followed as `operation`. `already_done`: the machine is as wanted, so nothing was sent and the letter is gone. */
export const deadLetterRetriedSchema = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('begun'), operation: operationSchema }),
  z.object({ outcome: z.literal('already_done') }),
]);
export type DeadLetterRetried = z.infer<typeof deadLetterRetriedSchema>;

export const deadLetterDiscardSchema = z
  .object({
    /** Why nobody needs it any more; kept in the journal. */
    reason: z
      .string()
      .trim()
      .min(1)
      .max(300)
      .regex(/^[^\p{Cc}\p{Cf}]*$/u, 'must not hold control characters'),
  })
  .strict();
