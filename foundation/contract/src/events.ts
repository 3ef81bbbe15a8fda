import { z } from 'zod';
import { deadLetterSchema } from './dead-letters.ts';
import { machineSchema, operationSchema } from './machines.ts';
import { roleSchema } from './primitives.ts';
import { portalHealthSchema, serverResilienceSchema } from './resilience.ts';
import { serverSchema } from './servers.ts';

/** Who reads a stream, and as what. */
const readerSchema = z.object({ id: z.string(), role: roleSchema });

/** First event of every stream. `connection` names it for `PUT /api/v1/events/{connection}/visible`. */
export const helloSchema = z.object({
  boot: z.string(),
  seq: z.number(),
  server_time: z.string(),
  connection: z.string(),
  reader: readerSchema,
});

const machineIdSchema = z.object({ server_id: z.string(), moid: z.string() });

/**
 * Events of `GET /api/v1/events`, by SSE event name. Each carries `id: <boot>-<seq>`. Changes are merged, so a machine
 * occurs at most once per frame and frames come at most four times a second.
 */
export const eventSchemas = {
  hello: helloSchema,
  'machine.changed': z.array(machineSchema),
  'machine.removed': z.array(machineIdSchema),
  /** Sent only for machines that the connection said it shows. */
  'screen.changed': z.array(machineIdSchema.extend({ hash: z.string().nullable(), at: z.string().nullable() })),
  'server.changed': z.array(serverSchema),
  'server.removed': z.array(z.object({ id: z.string() })),
  'operation.progressed': z.array(operationSchema),
  /** The role of whoever reads this stream is another one now. Without an `id`: it belongs to this connection alone. */
  'reader.changed': readerSchema,
  'dead-letter.changed': z.array(deadLetterSchema),
  'dead-letter.removed': z.array(z.object({ id: z.string() })),
  /** Every two seconds, and at once after an act, to connections that said they show it. Whole rows of what has changed. */
  'resilience.changed': z.object({ at: z.string(), servers: z.array(serverResilienceSchema), portal: portalHealthSchema }),
  /** What was missed cannot be replayed: fetch `/api/v1/snapshot` again. */
  resync: z.object({ reason: z.string() }),
} as const;
export type EventName = keyof typeof eventSchemas;
export type EventPayload<Name extends EventName> = z.infer<(typeof eventSchemas)[Name]>;

/** Everything the machines page needs, read from memory; `seq` tells where the event stream goes on. */
export const snapshotSchema = z.object({
  boot: z.string(),
  seq: z.number(),
  servers: z.array(serverSchema),
  machines: z.array(machineSchema),
  operations: z.array(operationSchema),
});
export type Snapshot = z.infer<typeof snapshotSchema>;

/** Which machines a connection shows now; screens are refreshed for these first. `resilience`: it shows those figures too. */
export const visibleRequestSchema = z
  .object({ machines: z.array(machineIdSchema).max(500), resilience: z.boolean().default(false) })
  .strict();
