export { classifyVsphereOutcome, type VsphereSettlement, type VsphereVerdict } from './classify.ts';
export { createVsphereClient, type VsphereClient, type VsphereClientOptions } from './client.ts';
export {
  type ActOutcome,
  type ConsoleTicket,
  type DatastoreGauge,
  decodeName,
  encodeName,
  type HostGauge,
  type InventoryNews,
  type MachineFacts,
  type MachineGauges,
  type MachineQuestion,
  type PowerOptions,
  type PowerState,
  type PowerVerb,
  type Screen,
  type ScreenOptions,
  type ServerGauges,
  type TaskProgress,
  type VirtualMachine,
} from './objects/index.ts';
export type { ReadOptions } from './properties/index.ts';
export type { ServerProduct } from './session/index.ts';
export { WireError, type WireErrorCode } from './wire/index.ts';
