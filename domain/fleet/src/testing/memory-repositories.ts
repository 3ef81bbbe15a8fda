import type { Operation } from '@breakwater/contract';
import { type OperationId, Secret, type ServerId } from '@breakwater/kernel';
import type { MachineFacts } from '../machine.ts';
import type {
  ControlRepository,
  HistoryRepository,
  InventoryRepository,
  OperationRepository,
  ServerRepository,
} from '../ports/repositories.ts';
import type { ServerRecord } from '../server.ts';
import type { ServerControls } from '../server-controls.ts';

export class MemoryServers implements ServerRepository {
  readonly records = new Map<ServerId, ServerRecord>();
  readonly passwords = new Map<ServerId, string>();
  failure: Error | null = null;

  async list(): Promise<readonly ServerRecord[]> {
    return [...this.records.values()];
  }

  async save(record: ServerRecord, options: { readonly password: Secret | undefined }): Promise<void> {
    if (this.failure !== null) throw this.failure;
    this.records.set(record.id, record);
    if (options.password !== undefined) this.passwords.set(record.id, options.password.reveal());
  }

  async remove(id: ServerId): Promise<void> {
    if (this.failure !== null) throw this.failure;
    this.records.delete(id);
    this.passwords.delete(id);
  }

  async readPassword(id: ServerId): Promise<Secret | null> {
    const password = this.passwords.get(id);
    return password === undefined ? null : new Secret(password);
  }
}

export class MemoryInventory implements InventoryRepository {
  readonly saved = new Map<ServerId, { readonly dataAtWallMs: number; readonly machines: readonly MachineFacts[] }>();
  saves = 0;
  failure: Error | null = null;

  async load(): Promise<
    readonly { readonly serverId: ServerId; readonly dataAtWallMs: number; readonly machines: readonly MachineFacts[] }[]
  > {
    if (this.failure !== null) throw this.failure;
    return Array.from(this.saved, ([serverId, inventory]) => ({ serverId, ...inventory }));
  }

  async save(serverId: ServerId, inventory: { readonly dataAtWallMs: number; readonly machines: readonly MachineFacts[] }): Promise<void> {
    if (this.failure !== null) throw this.failure;
    this.saves += 1;
    this.saved.set(serverId, inventory);
  }

  async remove(serverId: ServerId): Promise<void> {
    this.saved.delete(serverId);
  }
}

export class MemoryOperations implements OperationRepository {
  readonly entries = new Map<string, Operation>();
  failure: Error | null = null;

  async insert(operation: Operation): Promise<void> {
    if (this.failure !== null) throw this.failure;
    this.entries.set(operation.id, operation);
  }

  async update(operation: Operation): Promise<void> {
    if (this.failure !== null) throw this.failure;
    this.entries.set(operation.id, operation);
  }

  async find(id: OperationId): Promise<Operation | null> {
    return this.entries.get(id) ?? null;
  }

  async list(options: { readonly limit: number }): Promise<readonly Operation[]> {
    return [...this.entries.values()].reverse().slice(0, options.limit);
  }

  async listUnfinished(): Promise<readonly Operation[]> {
    return [...this.entries.values()].filter(({ state }) => state === 'queued' || state === 'running');
  }
}

export class MemoryControls implements ControlRepository {
  readonly saved = new Map<ServerId, ServerControls>();
  failure: Error | null = null;

  async load(): Promise<readonly { readonly serverId: ServerId; readonly controls: ServerControls }[]> {
    return Array.from(this.saved, ([serverId, controls]) => ({ serverId, controls }));
  }

  async save(serverId: ServerId, controls: ServerControls): Promise<void> {
    if (this.failure !== null) throw this.failure;
    this.saved.set(serverId, controls);
  }
}

export class MemoryHistories implements HistoryRepository {
  readonly saved = new Map<ServerId, Uint8Array>();
  failure: Error | null = null;

  async load(): Promise<readonly { readonly serverId: ServerId; readonly bytes: Uint8Array }[]> {
    if (this.failure !== null) throw this.failure;
    return Array.from(this.saved, ([serverId, bytes]) => ({ serverId, bytes }));
  }

  async save(serverId: ServerId, bytes: Uint8Array): Promise<void> {
    if (this.failure !== null) throw this.failure;
    this.saved.set(serverId, bytes);
  }
}
