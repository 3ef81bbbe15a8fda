import { z } from 'zod';
import { instantSchema, labelSchema } from './primitives.ts';
import { hostSchema, portSchema } from './servers.ts';

/** How OpenSSH shows a key: `SHA256:` and unpadded base64. */
const keyFingerprintSchema = z.string().regex(/^SHA256:[A-Za-z0-9+/]{43}$/, 'must be a fingerprint such as SHA256:…');

const hostUserSchema = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9._-]{0,31}$/, 'must be a user of a Linux host: letters, digits, dot, underscore and hyphen, at most 32');

/** Who signs in to hosts. The key itself can be written and replaced, and never be read. */
export const hostLoginSchema = z.object({
  id: z.string(),
  name: z.string(),
  user: z.string(),
  /** OpenSSH's word: `ssh-ed25519`. */
  key_type: z.string(),
  fingerprint: z.string(),
  created_at: instantSchema,
  updated_at: instantSchema,
});
export type HostLogin = z.infer<typeof hostLoginSchema>;
export const hostLoginListSchema = z.object({ host_logins: z.array(hostLoginSchema) });

const privateKeySchema = z.string().min(1).max(16_384);
const passphraseSchema = z.string().min(1).max(1_024);

export const hostLoginCreateSchema = z
  .object({
    name: labelSchema,
    user: hostUserSchema,
    /** As in the file that `ssh-keygen` writes. */
    private_key: privateKeySchema,
    /** Needed once, to open the key; not kept. */
    passphrase: passphraseSchema.nullable().default(null),
  })
  .strict();
export type HostLoginCreate = z.infer<typeof hostLoginCreateSchema>;

/** Any of the keys; without `private_key` the stored one stays. */
export const hostLoginUpdateSchema = z
  .object({ name: labelSchema, user: hostUserSchema, private_key: privateKeySchema, passphrase: passphraseSchema.nullable() })
  .partial()
  .strict();
export type HostLoginUpdate = z.infer<typeof hostLoginUpdateSchema>;

/** What a machine can be set up as. */
export const hostProfileListSchema = z.object({
  profiles: z.array(z.object({ name: z.string(), description: z.string(), modules: z.array(z.string()) })),
  modules: z.array(z.object({ name: z.string(), description: z.string(), depends_on: z.array(z.string()) })),
});
export type HostProfileList = z.infer<typeof hostProfileListSchema>;

const machineAddress = {
  server_id: z.string().min(1).max(300),
  moid: z.string().min(1).max(300),
  /** Suggested by the machine's `guest_ip`. */
  host: hostSchema,
  port: portSchema.default(22),
};

export const hostKeyLookUpSchema = z.object(machineAddress).strict();

/** The key that a machine shows, beside the one that was confirmed for it. A key is confirmed for a machine and a port, not for an address. */
export const hostKeySchema = z.object({
  server_id: z.string(),
  moid: z.string(),
  host: z.string(),
  port: z.number(),
  key_type: z.string(),
  fingerprint: z.string(),
  /** `changed`: it is another machine, or a new key, or somebody in between. Nothing is done there until a person confirms it. */
  status: z.enum(['new', 'trusted', 'changed']),
  trusted: z.object({ key_type: z.string(), fingerprint: z.string(), at: instantSchema, by: z.string() }).nullable(),
});
export type HostKey = z.infer<typeof hostKeySchema>;

/** `fingerprint`: the key that the person has seen; another one is refused. `replaces`: for a changed key, the one it takes the place of. */
export const hostKeyTrustSchema = z
  .object({ ...machineAddress, fingerprint: keyFingerprintSchema, replaces: keyFingerprintSchema.nullable().default(null) })
  .strict();
export type HostKeyTrust = z.infer<typeof hostKeyTrustSchema>;

export const hostSetupCreateSchema = z
  .object({
    ...machineAddress,
    login_id: z.string().min(1).max(200),
    profile: z.string().min(1).max(100).nullable().default(null),
    /** YAML of the host configurator, laid over the profile. */
    config: z.string().max(48_000).default(''),
    /** For a machine that is just being started: how long to wait for its SSH and its first set-up. 0: not at all. */
    boot_wait_seconds: z.number().int().min(0).max(1_800).default(0),
  })
  .strict();
export type HostSetupCreate = z.infer<typeof hostSetupCreateSchema>;

export const hostSetupApplySchema = z
  .object({
    /** Of the plan that the person has seen. A host that has moved on since is refused. */
    plan_hash: z.string().min(1).max(128),
    /** A plan with `dangers` is refused without it. */
    accept_dangers: z.boolean().default(false),
    /** Go on after a mandatory module has failed. */
    keep_going: z.boolean().default(false),
  })
  .strict();
export type HostSetupApply = z.infer<typeof hostSetupApplySchema>;

/** `overwrite`: put back also what somebody else has changed since. */
export const hostSetupRollBackSchema = z.object({ when_changed: z.enum(['refuse', 'overwrite']).default('refuse') }).strict();
export type HostSetupRollBack = z.infer<typeof hostSetupRollBackSchema>;

const changeDetailSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('file'),
    path: z.string(),
    action: z.enum(['create', 'change', 'remove']),
    /** Unified. */
    diff: z.string(),
    /** True: only the beginning of a long difference. */
    is_cut: z.boolean(),
  }),
  z.object({ kind: z.literal('attributes'), path: z.string(), before: z.string(), after: z.string() }),
  z.object({
    kind: z.literal('packages'),
    install: z.array(z.string()),
    upgrade: z.array(z.string()),
    remove: z.array(z.string()),
  }),
  z.object({ kind: z.literal('service'), unit: z.string(), before: z.string(), after: z.string() }),
  z.object({ kind: z.literal('account'), name: z.string(), action: z.string() }),
  z.object({ kind: z.literal('download'), url: z.string(), path: z.string() }),
  z.object({ kind: z.literal('command'), argv: z.array(z.string()) }),
]);

const plannedOutcomeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('unchanged') }),
  z.object({
    kind: z.literal('change'),
    summary: z.string(),
    /** What it would remove or interrupt. */
    dangers: z.array(z.string()),
    details: z.array(changeDetailSchema),
  }),
  /** Could not be told, and would fail if nothing changes until then. */
  z.object({ kind: z.literal('problem'), code: z.string(), text: z.string() }),
]);

const planCountsSchema = z.object({ changes: z.number().int(), unchanged: z.number().int(), problems: z.number().int() });

/** All that a set-up would do. */
export const hostPlanSchema = z.object({
  hash: z.string(),
  hostname: z.string(),
  /** `debian 12 (bookworm)`. */
  os: z.string(),
  notes: z.array(z.string()),
  counts: planCountsSchema,
  dangers: z.array(z.string()),
  /** In the order in which they are done. */
  modules: z.array(
    z.object({
      name: z.string(),
      description: z.string(),
      is_mandatory: z.boolean(),
      findings: z.array(z.object({ severity: z.enum(['error', 'warning']), text: z.string(), hint: z.string() })),
      steps: z.array(z.object({ id: z.string(), title: z.string(), is_optional: z.boolean(), outcome: plannedOutcomeSchema })),
    }),
  ),
});
export type HostPlan = z.infer<typeof hostPlanSchema>;

export const hostSetupStateSchema = z.enum([
  'planning',
  'planned',
  /** No plan could be made; `error_code` tells why. */
  'plan_failed',
  'applying',
  'succeeded',
  /** Done, but for optional steps. */
  'degraded',
  'failed',
  'canceled',
  /** The portal ended, or the link to the host was lost, while it ran. */
  'interrupted',
  'rolling_back',
  'rolled_back',
]);
export type HostSetupState = z.infer<typeof hostSetupStateSchema>;

export const hostSetupActSchema = z.enum(['plan', 'apply', 'resume', 'roll_back']);
export type HostSetupAct = z.infer<typeof hostSetupActSchema>;

/** `details` of an operation whose kind is `host.plan`, `host.apply`, `host.resume` or `host.roll_back`; comes live with `operation.progressed`. */
export const hostSetupProgressSchema = z.object({
  setup_id: z.string(),
  act: hostSetupActSchema,
  phase: z.enum(['waiting', 'connecting', 'planning', 'working', 'over']),
  /** How many steps are over, of how many; both 0 while that is not known. */
  steps_done: z.number().int(),
  steps_total: z.number().int(),
  /** What is being done now; the newest where several are. */
  module: z.string().nullable(),
  step: z.string().nullable(),
  /** What was told last, oldest first. */
  lines: z.array(z.string()),
  run_id: z.string().nullable(),
});
export type HostSetupProgress = z.infer<typeof hostSetupProgressSchema>;

export const hostStepReportSchema = z.object({
  step_id: z.string(),
  module: z.string(),
  title: z.string(),
  result: z.enum(['changed', 'unchanged', 'degraded', 'skipped', 'failed']),
  /** Why it is none of the first two. */
  reason: z.string().nullable(),
  code: z.string().nullable(),
  hint: z.string().nullable(),
  took_ms: z.number(),
  attempts: z.number().int(),
});
export type HostStepReport = z.infer<typeof hostStepReportSchema>;

/** One set-up of one machine, from its plan to its end. A row of the list: without plan, configuration and steps. */
export const hostSetupRowSchema = z.object({
  id: z.string(),
  server_id: z.string(),
  moid: z.string(),
  machine_name: z.string(),
  host: z.string(),
  port: z.number(),
  login_id: z.string(),
  login_name: z.string(),
  user: z.string(),
  profile: z.string().nullable(),
  state: hostSetupStateSchema,
  /** What can be done with it now. */
  actions: z.array(z.enum(['apply', 'resume', 'cancel', 'roll_back'])),
  requested_by: z.string(),
  created_at: instantSchema,
  updated_at: instantSchema,
  error_code: z.string().nullable(),
  error: z.string().nullable(),
  plan_hash: z.string().nullable(),
  counts: planCountsSchema.nullable(),
  /** The operation that runs, or ran last. */
  operation_id: z.string(),
  /** Of the host configurator; null until something is applied. */
  run_id: z.string().nullable(),
});
export type HostSetupRow = z.infer<typeof hostSetupRowSchema>;

/** Newest first. */
export const hostSetupListSchema = z.object({ host_setups: z.array(hostSetupRowSchema) });

export const hostSetupSchema = hostSetupRowSchema.extend({
  config: z.string(),
  plan: hostPlanSchema.nullable(),
  /** After the end; and after an interruption, those that were over by then. */
  steps: z.array(hostStepReportSchema),
});
export type HostSetup = z.infer<typeof hostSetupSchema>;
