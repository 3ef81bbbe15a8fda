import type { Operation } from '@breakwater/contract';
import type { Moid, OperationId, Secret, ServerId } from '@breakwater/kernel';
import type { MachineFacts } from '../machine.ts';
import type { ServerRecord } from '../server.ts';
import type { ServerControls } from '../server-controls.ts';

/** Servers and their passwords. Passwords are encrypted at rest by the implementation and come back as `Secret`. */
export interface ServerRepository {
  list(): Promise<readonly ServerRecord[]>;
  /** `password: undefined` keeps the stored one. */
  save(record: ServerRecord, options: { readonly password: Secret | undefined }): Promise<void>;
  remove(id: ServerId): Promise<void>;
  /** Null when none is stored, or when it cannot be decrypted with the present key. */
  readPassword(id: ServerId): Promise<Secret | null>;
}

/** Last known inventory, so that a restart shows machines at once, with their age. */
export interface InventoryRepository {
  load(): Promise<readonly { readonly serverId: ServerId; readonly dataAtWallMs: number; readonly machines: readonly MachineFacts[] }[]>;
  save(serverId: ServerId, inventory: { readonly dataAtWallMs: number; readonly machines: readonly MachineFacts[] }): Promise<void>;
  remove(serverId: ServerId): Promise<void>;
}

/** What is set by hand about servers. Goes with its server when that is removed. */
export interface ControlRepository {
  load(): Promise<readonly { readonly serverId: ServerId; readonly controls: ServerControls }[]>;
  save(serverId: ServerId, controls: ServerControls): Promise<void>;
}

/** What was recorded about the protection of servers. Goes with its server when that is removed. */
export interface HistoryRepository {
  load(): Promise<readonly { readonly serverId: ServerId; readonly bytes: Uint8Array }[]>;
  save(serverId: ServerId, bytes: Uint8Array): Promise<void>;
}

/** The operations journal. An entry is written before its act begins. */
export interface OperationRepository {
  insert(operation: Operation): Promise<void>;
  update(operation: Operation): Promise<void>;
  find(id: OperationId): Promise<Operation | null>;
  /** Newest first. `before` is the id where the previous page ended. */
  list(options: {
    readonly limit: number;
    readonly before?: OperationId | undefined;
    readonly serverId?: ServerId | undefined;
    readonly moid?: Moid | undefined;
  }): Promise<readonly Operation[]>;
  /** Entries that a killed process left `queued` or `running`. */
  listUnfinished(): Promise<readonly Operation[]>;
}
