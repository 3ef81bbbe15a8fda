import { z } from 'zod';
import { instantSchema, labelSchema, roleSchema } from './primitives.ts';

export const usernameSchema = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .regex(/^[\p{L}\p{N}._@-]+$/u, 'may hold letters, digits, dot, underscore, at and hyphen');

/** Long enough to resist guessing; no rules about kinds of characters, as NIST SP 800-63B advises. */
export const passwordSchema = z.string().min(10).max(1_024);

export const personSchema = z.object({ id: z.string(), username: z.string(), role: roleSchema, created_at: instantSchema });
export type Person = z.infer<typeof personSchema>;

/** Answer of `GET /api/v1/session`; readable without signing in. */
export const sessionSchema = z.object({
  /** True until the first administrator exists. */
  setup_required: z.boolean(),
  person: personSchema.nullable(),
  version: z.string(),
  demo: z.boolean(),
});
export type Session = z.infer<typeof sessionSchema>;

export const setupRequestSchema = z
  .object({ token: z.string().min(1).max(200), username: usernameSchema, password: passwordSchema })
  .strict();
export const signInRequestSchema = z.object({ username: z.string().min(1).max(64), password: z.string().min(1).max(1_024) }).strict();
/** A one-time link printed by `breakwater demo`. */
export const linkRequestSchema = z.object({ token: z.string().min(1).max(200) }).strict();

/** The current password is asked for again: an unlocked screen must not be enough to take an account over. */
export const passwordChangeSchema = z.object({ current_password: z.string().min(1).max(1_024), new_password: passwordSchema }).strict();

/** One browser in which the asking person is signed in. */
export const ownSessionSchema = z.object({
  id: z.string(),
  created_at: instantSchema,
  /** May lag behind by a minute. */
  last_used_at: instantSchema,
  /** Browser and system as the browser named them at sign-in, such as `Firefox · Windows`; null when it named neither. */
  device: z.string().nullable(),
  /** True for the session that asks. */
  current: z.boolean(),
});
export type OwnSession = z.infer<typeof ownSessionSchema>;
export const ownSessionListSchema = z.array(ownSessionSchema);

export const personCreateSchema = z.object({ username: usernameSchema, password: passwordSchema, role: roleSchema }).strict();
export const personUpdateSchema = z.object({ password: passwordSchema, role: roleSchema }).partial().strict();
export const personListSchema = z.array(personSchema);

export const tokenSchema = z.object({
  id: z.string(),
  name: z.string(),
  role: roleSchema,
  /** First characters, to tell tokens apart; the whole is shown once. */
  prefix: z.string(),
  created_at: instantSchema,
  last_used_at: instantSchema.nullable(),
  expires_at: instantSchema.nullable(),
});
export type Token = z.infer<typeof tokenSchema>;
export const tokenListSchema = z.array(tokenSchema);
export const tokenCreateSchema = z
  .object({ name: labelSchema, role: roleSchema, expires_in_days: z.number().int().min(1).max(3_650).nullable().default(null) })
  .strict();
export const tokenCreatedSchema = tokenSchema.extend({ token: z.string() });
