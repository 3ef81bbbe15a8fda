import type {
  DeadLetterList,
  DeadLetterRetried,
  DeadLetterView,
  Machine,
  MachineList,
  Operation,
  PowerVerb,
  QueueStats,
  Server,
  ServerCreate,
  ServerStats,
  ServerTest,
  ServerUpdate,
} from '@breakwater/contract';
import type { MachineRef, Moid, OperationId, ServerId } from '@breakwater/kernel';
import type { PipelineSnapshot } from '@breakwater/resilience';
import type { ActJournal } from './act-journal.ts';
import type { CondensedScreen } from './ports/screen-encoder.ts';
import type { ConsoleDoor } from './ports/server-link.ts';
import type { Protection } from './protection.ts';
import type { RetryRequest } from './retry-desk.ts';

/** Something new in the fleet. Values are whole, never patches, so that a late listener cannot get them wrong. */
export type FleetEvent =
  | { readonly kind: 'machine.changed'; readonly machine: Machine }
  | { readonly kind: 'machine.removed'; readonly ref: MachineRef }
  | { readonly kind: 'screen.changed'; readonly ref: MachineRef; readonly hash: string | null; readonly at: string | null }
  | { readonly kind: 'server.changed'; readonly server: Server }
  | { readonly kind: 'server.removed'; readonly id: ServerId }
  | { readonly kind: 'operation.progressed'; readonly operation: Operation }
  | { readonly kind: 'dead-letter.changed'; readonly letter: DeadLetterView }
  | { readonly kind: 'dead-letter.removed'; readonly id: string }
  /** Somebody has changed how a server is protected, or such a change has run out. */
  | { readonly kind: 'resilience.changed'; readonly id: ServerId };

export interface StoredScreen {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  readonly hash: string;
  readonly ageMs: number;
  readonly isStale: boolean;
}

/**
 * The one place that decides about servers and machines; all doors lead here. Everything that reads is synchronous and
 * answers from memory: reading never waits for a server. Wrong ids are `FLEET_SERVER_UNKNOWN`, `FLEET_MACHINE_UNKNOWN`.
 */
export interface Fleet {
  /** Loads the registry and the last known inventory, then starts a link per enabled server. */
  start(): Promise<void>;
  stop(): Promise<void>;
  subscribe(listener: (event: FleetEvent) => void): () => void;

  servers(): readonly Server[];
  server(id: ServerId): Server;
  addServer(input: ServerCreate): Promise<Server>;
  /** `FLEET_PASSWORD_REQUIRED` when host, port or user change without a new password: a stored one never goes to another machine. */
  updateServer(id: ServerId, input: ServerUpdate): Promise<Server>;
  removeServer(id: ServerId): Promise<void>;
  testServer(id: ServerId, options: { readonly signal: AbortSignal }): Promise<ServerTest>;
  /** Shows the certificate of an address before anything is stored. */
  probeServer(address: { readonly host: string; readonly port: number }, options: { readonly signal: AbortSignal }): Promise<ServerTest>;
  /** Tries an address with credentials that are not stored. */
  testCandidate(input: ServerCreate, options: { readonly signal: AbortSignal }): Promise<ServerTest>;
  /** Pins the certificate a person has accepted; `FLEET_CERTIFICATE_MISMATCH` when the server no longer offers it. */
  trustServer(id: ServerId, sha256: string): Promise<Server>;
  retryServer(id: ServerId, options: { readonly actor: string }): Promise<void>;
  invalidate(id: ServerId | undefined): void;
  stats(id: ServerId): ServerStats | null;
  queueStats(): QueueStats;
  /** What the pipelines of all connected servers count; `key` is the server's id. */
  pipelines(): readonly PipelineSnapshot[];
  readonly protection: Protection;

  machines(): readonly Machine[];
  machine(ref: MachineRef): Machine;
  machineList(id: ServerId): MachineList;
  /** Machines that somebody looks at; their screens and gauges are refreshed first. One set per viewer, replaced as a whole. */
  setVisible(viewer: string, machines: readonly MachineRef[]): void;
  dropViewer(viewer: string): void;
  screen(ref: MachineRef): StoredScreen | null;
  screenByHash(hash: string): StoredScreen | null;
  /** The same picture in a smaller format, made when first asked for. Null: there is none, or it would take too long; send the picture as it is. */
  condensedScreen(hash: string): CondensedScreen | Promise<CondensedScreen | null> | null;
  screenHashes(id: ServerId): Readonly<Record<string, string>>;

  /** Decides, writes the journal, then acts in the background. `FLEET_POWER_REFUSED` with the reason when it makes no sense. */
  power(ref: MachineRef, verb: PowerVerb, options: { readonly actor: string }): Promise<Operation>;
  /** For acts on machines that others do than the fleet itself. */
  readonly journal: ActJournal;
  operation(id: OperationId): Promise<Operation>;
  operations(options: {
    readonly limit: number;
    readonly before?: OperationId | undefined;
    readonly serverId?: ServerId | undefined;
    readonly moid?: Moid | undefined;
  }): Promise<readonly Operation[]>;
  /** Operations that were lost on the way, newest failure first. */
  failedOperations(options: { readonly limit: number; readonly serverId?: ServerId | undefined }): Promise<DeadLetterList>;
  /**
   * Asks the machine first, and sends the act only if it is not yet as wanted. `FLEET_DEAD_LETTER_UNKNOWN`; `FLEET_REPETITION_NOT_ACCEPTED`
   * where nothing can tell whether it has happened; refusals as of `power`.
   */
  retryFailedOperation(id: string, request: RetryRequest): Promise<DeadLetterRetried>;
  /** Gives it up; the reason goes into the journal. */
  discardFailedOperation(id: string, options: { readonly actor: string; readonly reason: string }): Promise<void>;
  /** Takes a console ticket now. `FLEET_MACHINE_OFF` when the machine is not running. */
  openConsole(ref: MachineRef, options: { readonly signal: AbortSignal }): Promise<ConsoleDoor>;
}
