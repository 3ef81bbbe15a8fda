import { type MachineRef, toMoid, toServerId } from '@breakwater/kernel';
import { z } from 'zod';

/** Ids are opaque: a vSphere id may hold slashes and spaces. Control characters are in none. */
const idSchema = z
  .string()
  .min(1)
  .max(300)
  .regex(/^\P{Cc}+$/u, 'must not hold control characters');

export const serverParams = z.object({ server_id: idSchema }).strict();
export const moidParams = z.object({ moid: idSchema }).strict();
export const machineParams = z.object({ server_id: idSchema, moid: idSchema }).strict();
export const idParams = z.object({ id: idSchema }).strict();
export const optionalId = idSchema.optional();

export const toRef = (params: z.output<typeof machineParams>): MachineRef => ({
  serverId: toServerId(params.server_id),
  moid: toMoid(params.moid),
});
