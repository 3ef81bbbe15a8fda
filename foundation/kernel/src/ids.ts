/** Id of a managed endpoint in our registry. */
export type ServerId = string & { readonly __brand: 'ServerId' };

/** vSphere managed object id, unique per server only. Opaque: it may hold slashes, spaces, colons and `@`. */
export type Moid = string & { readonly __brand: 'Moid' };

/** Id of one act in the operations journal. */
export type OperationId = string & { readonly __brand: 'OperationId' };

/** A machine is known by its server and its id there. */
export interface MachineRef {
  readonly serverId: ServerId;
  readonly moid: Moid;
}

export const toServerId = (value: string): ServerId => value as ServerId;
export const toMoid = (value: string): Moid => value as Moid;
export const toOperationId = (value: string): OperationId => value as OperationId;

/** One string for a machine, fit for a map key. Server ids hold no `/`, so it is unambiguous. */
export const toMachineKey = (ref: MachineRef): string => `${ref.serverId}/${ref.moid}`;

/** Time-ordered unique id: 48 bits of wall time and 74 of chance (UUID version 7). */
export function createId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let time = Date.now();
  for (let index = 5; index >= 0; index--) {
    bytes[index] = time % 256;
    time = Math.floor(time / 256);
  }
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
