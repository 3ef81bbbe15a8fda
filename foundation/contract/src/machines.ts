import { z } from 'zod';
import { instantSchema } from './primitives.ts';

/** vSphere's own words; other devices are mapped onto them. */
export const powerStateSchema = z.enum(['poweredOn', 'poweredOff', 'suspended', 'unknown']);
export type PowerState = z.infer<typeof powerStateSchema>;

export const powerVerbSchema = z.enum(['power_on', 'power_off', 'reset', 'suspend', 'shut_down_guest', 'reboot_guest', 'standby_guest']);
export type PowerVerb = z.infer<typeof powerVerbSchema>;

/** A question that stalls a task until somebody answers. */
export const machineQuestionSchema = z.object({
  id: z.string(),
  text: z.string(),
  choices: z.array(z.object({ key: z.string(), label: z.string() })),
  default_key: z.string().nullable(),
});

/** One row of the machine list. The first seven keys are those of spec 02's API. */
export const machineSchema = z.object({
  name: z.string(),
  moid: z.string(),
  power_state: powerStateSchema,
  guest_os: z.string().nullable(),
  memory_mb: z.number().nullable(),
  num_cpu: z.number().nullable(),
  guest_ip: z.string().nullable(),
  server_id: z.string(),
  host_name: z.string().nullable(),
  guest_host_name: z.string().nullable(),
  ip_addresses: z.array(z.string()),
  tools: z.enum(['running', 'not_running', 'not_installed', 'unknown']),
  is_template: z.boolean(),
  /** False when the server lists the machine but cannot reach its files; its figures are then missing. */
  is_accessible: z.boolean(),
  instance_uuid: z.string().nullable(),
  annotation: z.string().nullable(),
  boot_time: instantSchema.nullable(),
  question: machineQuestionSchema.nullable(),
  cpu_percent: z.number().nullable(),
  memory_percent: z.number().nullable(),
  disk_used_bytes: z.number().nullable(),
  disk_total_bytes: z.number().nullable(),
  /** Content address of the newest screen, for `/api/v1/screens/{hash}`; null when there is no picture. */
  screen_hash: z.string().nullable(),
  screen_at: instantSchema.nullable(),
  /** Why there is no picture although the machine is on. */
  screen_problem: z.string().nullable(),
});
export type Machine = z.infer<typeof machineSchema>;

export const machineListSchema = z.object({
  vms: z.array(machineSchema),
  cached: z.boolean(),
  /** Seconds since the list was last known to be true; null before the first load. */
  cache_age: z.number().nullable(),
  stale: z.boolean(),
  error: z.string().nullable(),
});
export type MachineList = z.infer<typeof machineListSchema>;

export const powerRequestSchema = z.object({ verb: powerVerbSchema }).strict();

/** `unknown` means: the answer was lost and reading back did not settle it. It is never tried again by itself. */
export const operationStateSchema = z.enum(['queued', 'running', 'succeeded', 'failed', 'canceled', 'unknown']);
export type OperationState = z.infer<typeof operationStateSchema>;

export const operationSchema = z.object({
  id: z.string(),
  kind: z.string(),
  server_id: z.string().nullable(),
  moid: z.string().nullable(),
  machine_name: z.string().nullable(),
  actor: z.string(),
  state: operationStateSchema,
  progress_percent: z.number().nullable(),
  error_code: z.string().nullable(),
  error: z.string().nullable(),
  /** What belongs to this kind of operation, such as the limits before and after; never a secret. */
  details: z.record(z.string(), z.unknown()).nullable(),
  created_at: instantSchema,
  updated_at: instantSchema,
});
export type Operation = z.infer<typeof operationSchema>;

export const operationListSchema = z.object({ operations: z.array(operationSchema), next_cursor: z.string().nullable() });

export const consoleRequestSchema = z.object({ view_only: z.boolean().default(false) }).strict();

/** Keys of spec 02's API plus `ws_path`, which works behind any proxy because it names no host. */
export const consoleSessionSchema = z.object({
  session_id: z.string(),
  ws_url: z.string(),
  ws_path: z.string(),
  vm_name: z.string(),
  vm_moid: z.string(),
  view_only: z.boolean(),
  /** Seconds until the unused session is void. */
  expires_in: z.number(),
});
export type ConsoleSession = z.infer<typeof consoleSessionSchema>;

export const screenHashesSchema = z.record(z.string(), z.string());
