import { z } from 'zod';
import { instantSchema, labelSchema } from './primitives.ts';

/** States of the health strip, each with its own shape in the UI. */
export const serverStateSchema = z.enum([
  'connecting',
  'live',
  'slow',
  'stale',
  'unreachable',
  'paused',
  'disabled',
  'sign_in_failed',
  'certificate_untrusted',
  'certificate_changed',
]);
export type ServerState = z.infer<typeof serverStateSchema>;

export const certificateSchema = z.object({
  /** `AA:BB:…`, the value that is pinned. */
  sha256: z.string(),
  /** vSphere's own notation, shown beside it for comparison with the host's console. */
  sha1: z.string(),
  subject: z.string(),
  issuer: z.string(),
  valid_from: z.string(),
  valid_to: z.string(),
});
export type Certificate = z.infer<typeof certificateSchema>;

/** A host name, an IPv4 or a bare IPv6 address; never a URL, a path or credentials. */
export const hostSchema = z
  .string()
  .trim()
  .min(1)
  .max(253)
  .regex(/^[A-Za-z0-9.:_-]+$/, 'must be a host name or an IP address, without scheme, port or path');

export const portSchema = z.number().int().min(1).max(65_535);

const fingerprintSchema = z.string().regex(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/, 'must be a SHA-256 fingerprint such as AA:BB:…');

export const serverCreateSchema = z
  .object({
    name: labelSchema,
    host: hostSchema,
    port: portSchema.default(443),
    user: z.string().min(1).max(256),
    password: z.string().min(1).max(1_024),
    /** True: the certificate must chain to a known CA. False: `pinned_sha256` decides, as accepted by a person. */
    verify_ssl: z.boolean().default(false),
    pinned_sha256: fingerprintSchema.nullable().default(null),
    enabled: z.boolean().default(true),
  })
  .strict();
export type ServerCreate = z.infer<typeof serverCreateSchema>;

/** Any of the keys; a missing or empty password keeps the old one, unless host or port change. */
export const serverUpdateSchema = z
  .object({
    name: labelSchema,
    host: hostSchema,
    port: portSchema,
    user: z.string().min(1).max(256),
    password: z.string().max(1_024),
    verify_ssl: z.boolean(),
    pinned_sha256: fingerprintSchema.nullable(),
    enabled: z.boolean(),
    /** A paused server is not polled; what was known stays visible. */
    paused: z.boolean(),
  })
  .partial()
  .strict();
export type ServerUpdate = z.infer<typeof serverUpdateSchema>;

export const serverProbeSchema = z.object({ host: hostSchema, port: portSchema.default(443) }).strict();

/** `trust` names the certificate that the person has seen; another one is refused. */
export const serverTrustSchema = z.object({ sha256: fingerprintSchema }).strict();

export const serverTestSchema = z.object({
  success: z.boolean(),
  message: z.string(),
  vm_count: z.number().nullable(),
  code: z.string().nullable(),
  steps: z.array(
    z.object({
      name: z.enum(['dns', 'tcp', 'tls', 'version', 'login', 'inventory']),
      ok: z.boolean(),
      detail: z.string(),
      took_ms: z.number(),
    }),
  ),
  certificate: certificateSchema.nullable(),
  product: z.string().nullable(),
});
export type ServerTest = z.infer<typeof serverTestSchema>;

const shareSchema = z.object({ used: z.number(), total: z.number(), percent: z.number() });

/** Keys of spec 02's API. Bytes for memory and datastores. */
export const serverStatsSchema = z.object({
  cpu: z.object({ usage_percent: z.number(), num_cores: z.number(), usage_mhz: z.number(), total_mhz: z.number() }).nullable(),
  memory: shareSchema.nullable(),
  datastores: z.array(
    z.object({ name: z.string(), capacity: z.number(), free: z.number(), used: z.number(), type: z.string(), accessible: z.boolean() }),
  ),
  hosts: z.array(z.object({ name: z.string(), connection_state: z.string(), in_maintenance_mode: z.boolean() })),
  cache_age: z.number().nullable(),
  error: z.string().nullable(),
});
export type ServerStats = z.infer<typeof serverStatsSchema>;

export const serverSchema = z.object({
  id: z.string(),
  name: z.string(),
  host: z.string(),
  port: z.number(),
  user: z.string(),
  verify_ssl: z.boolean(),
  pinned_sha256: z.string().nullable(),
  enabled: z.boolean(),
  paused: z.boolean(),
  /** Nothing is read by itself for now; what a person does still goes to the server. */
  polling_paused: z.boolean(),
  has_password: z.boolean(),
  state: serverStateSchema,
  /** Stable code and English text of what is wrong; null while nothing is. */
  problem_code: z.string().nullable(),
  problem: z.string().nullable(),
  /** When the next attempt is due by itself; null: none is. */
  retry_at: instantSchema.nullable(),
  /** When the inventory was last known to be true. */
  data_at: instantSchema.nullable(),
  vm_count: z.number(),
  vm_on_count: z.number(),
  product: z.string().nullable(),
  api_type: z.enum(['HostAgent', 'VirtualCenter']).nullable(),
  /** Milliseconds the adaptive limiter currently leaves between two requests. */
  delay_ms: z.number(),
  cpu_percent: z.number().nullable(),
  memory_percent: z.number().nullable(),
  /** A certificate that waits for a person's decision. */
  offered_certificate: certificateSchema.nullable(),
});
export type Server = z.infer<typeof serverSchema>;

export const serverListSchema = z.array(serverSchema);
