export type { ConsoleTicket } from './console-ticket.ts';
export { type DatastoreGauge, type HostGauge, type MachineGauges, readGauges, type ServerGauges } from './gauges.ts';
export { Inventory, type InventoryNews, WATCHED_SETS } from './inventory.ts';
export type { MachineFacts, MachineQuestion, PowerState } from './machine-facts.ts';
export { decodeName, encodeName } from './names.ts';
export type { ActOutcome, PowerOptions, PowerVerb } from './power.ts';
export { type Screen, ScreenCamera, type ScreenOptions } from './screen-camera.ts';
export type { TaskProgress } from './tasks.ts';
export { VirtualMachine } from './virtual-machine.ts';
