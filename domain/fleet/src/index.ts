export type { ActEnd, ActJournal, NewAct } from './act-journal.ts';
export { createFleet, type FleetDependencies } from './create-fleet.ts';
export type { Fleet, FleetEvent, StoredScreen } from './fleet.ts';
export { LIMIT_PRESETS } from './limit-presets.ts';
export type { DatastoreGauge, MachineFacts, MachineGauges, MachineQuestion, ServerGauges } from './machine.ts';
export { DEFAULT_FLEET_OPTIONS, type FleetOptions } from './options.ts';
export type {
  ControlRepository,
  HistoryRepository,
  InventoryRepository,
  OperationRepository,
  ServerRepository,
} from './ports/repositories.ts';
export type { CondensedScreen, EncodedScreen, ScreenEncoder } from './ports/screen-encoder.ts';
export type {
  ActOutcome,
  ConsoleDoor,
  InventoryNews,
  LinkFigures,
  LinkLimits,
  ScreenOptions,
  ScreenPicture,
  ServerLink,
  ServerLinks,
  TaskProgress,
  WaitCounts,
} from './ports/server-link.ts';
export type { Protection } from './protection.ts';
export type { RetryRequest } from './retry-desk.ts';
export type { PresentedCertificateFacts, ServerCredentials, ServerProduct, ServerRecord, ServerTrouble } from './server.ts';
export { parseControls, type ServerControls } from './server-controls.ts';
