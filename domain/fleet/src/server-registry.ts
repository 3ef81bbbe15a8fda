import type { Server, ServerCreate, ServerUpdate } from '@breakwater/contract';
import { createId, type Logger, OpsError, Secret, type ServerId, toServerId } from '@breakwater/kernel';
import type { InventoryRepository, ServerRepository } from './ports/repositories.ts';
import type { ServerLinks } from './ports/server-link.ts';
import type { ServerRecord } from './server.ts';
import type { ServerUnit } from './server-unit.ts';

export interface ServerRegistryDependencies {
  readonly servers: ServerRepository;
  readonly inventory: InventoryRepository;
  readonly links: ServerLinks;
  readonly logger: Logger;
  createUnit(options: { readonly record: ServerRecord; readonly password: Secret | null }): ServerUnit;
  onRemoved(id: ServerId): void;
}

/** The servers we know. Every change is written down before it takes effect, one change at a time. */
export class ServerRegistry {
  readonly #deps: ServerRegistryDependencies;
  readonly #units = new Map<ServerId, ServerUnit>();
  #changes: Promise<unknown> = Promise.resolve();

  constructor(deps: ServerRegistryDependencies) {
    this.#deps = deps;
  }

  units(): readonly ServerUnit[] {
    return [...this.#units.values()];
  }

  find(id: ServerId): ServerUnit | undefined {
    return this.#units.get(id);
  }

  unit(id: ServerId): ServerUnit {
    const unit = this.#units.get(id);
    if (unit === undefined) {
      throw new OpsError({ code: 'FLEET_SERVER_UNKNOWN', message: 'There is no server with this id.', details: { id: id.slice(0, 100) } });
    }
    return unit;
  }

  /** Reads the registry and what was last known of each server. */
  async load(): Promise<void> {
    for (const record of await this.#deps.servers.list()) {
      const password = await this.#readPassword(record.id);
      this.#units.set(record.id, this.#deps.createUnit({ record, password }));
    }
    try {
      for (const { serverId, ...inventory } of await this.#deps.inventory.load()) this.#units.get(serverId)?.restore(inventory);
    } catch (error) {
      this.#deps.logger.warn('The last known inventory could not be read; machines appear when their servers answer', { error });
    }
  }

  add(input: ServerCreate): Promise<Server> {
    return this.#serialize(async () => {
      const record = toRecord(toServerId(createId()), input);
      this.#requireFreeAddress(record);
      const password = new Secret(input.password);
      await this.#deps.servers.save(record, { password });
      const unit = this.#deps.createUnit({ record, password });
      this.#units.set(record.id, unit);
      unit.open();
      unit.publish();
      return unit.view();
    });
  }

  update(id: ServerId, input: ServerUpdate): Promise<Server> {
    return this.#serialize(async () => {
      const unit = this.unit(id);
      const before = unit.record;
      const isMoved = isOther(before.host, input.host) || isOther(before.port, input.port);
      const password = input.password === undefined || input.password === '' ? undefined : new Secret(input.password);
      if (password === undefined && (isMoved || isOther(before.user, input.user))) {
        throw new OpsError({
          code: 'FLEET_PASSWORD_REQUIRED',
          message: 'Enter the password again: a stored one is never sent to another address or for another user.',
        });
      }
      const record: ServerRecord = {
        ...before,
        name: input.name ?? before.name,
        host: input.host ?? before.host,
        port: input.port ?? before.port,
        user: input.user ?? before.user,
        verifySsl: input.verify_ssl ?? before.verifySsl,
        // A certificate was accepted for one address; at another one a person must look again.
        pinnedSha256: input.pinned_sha256 === undefined ? (isMoved ? null : before.pinnedSha256) : input.pinned_sha256,
        enabled: input.enabled ?? before.enabled,
        paused: input.paused ?? before.paused,
      };
      if (isMoved) this.#requireFreeAddress(record);
      await this.#deps.servers.save(record, { password });
      const isNameOnly = password === undefined && isSameRecord({ ...before, name: record.name }, record);
      unit.change({ record, password: password ?? unit.password, effect: isMoved ? 'forget' : isNameOnly ? 'rename' : 'reopen' });
      return unit.view();
    });
  }

  remove(id: ServerId): Promise<void> {
    return this.#serialize(async () => {
      const unit = this.unit(id);
      await this.#deps.servers.remove(id);
      this.#units.delete(id);
      await unit.discard().catch((error: unknown) => {
        this.#deps.logger.warn('The saved inventory of a removed server could not be deleted', { serverId: id, error });
      });
      this.#deps.onRemoved(id);
    });
  }

  /** Pins a certificate, after asking the server itself whether it is the one it shows. */
  trust(id: ServerId, options: { readonly sha256: string; readonly signal: AbortSignal }): Promise<Server> {
    const { sha256, signal } = options;
    return this.#serialize(async () => {
      const { host, port } = this.unit(id).record;
      const shown = await this.#deps.links.probe({ host, port }, { signal });
      signal.throwIfAborted();
      if (shown.certificate === null) {
        throw new OpsError({
          code: shown.code ?? 'FLEET_CERTIFICATE_UNAVAILABLE',
          message: `The server did not show its certificate: ${shown.message}`,
        });
      }
      if (shown.certificate.sha256 !== sha256) {
        throw new OpsError({
          code: 'FLEET_CERTIFICATE_MISMATCH',
          message: 'The server now shows another certificate than the one that was accepted.',
          details: { accepted: sha256, offered: shown.certificate.sha256 },
        });
      }
      const unit = this.unit(id);
      // Accepting one certificate by hand is the other way of trusting: the authorities did not vouch for it.
      const record = { ...unit.record, pinnedSha256: sha256, verifySsl: false };
      await this.#deps.servers.save(record, { password: undefined });
      unit.change({ record, password: unit.password, effect: 'reopen' });
      return unit.view();
    });
  }

  /** Waits until no change is under way. */
  async settled(): Promise<void> {
    await this.#changes;
  }

  /** Two entries for one address would double the load that it is protected from. */
  #requireFreeAddress(record: ServerRecord): void {
    const twin = this.units().find(
      ({ record: other }) => other.id !== record.id && other.port === record.port && other.host.toLowerCase() === record.host.toLowerCase(),
    );
    if (twin !== undefined) {
      throw new OpsError({
        code: 'FLEET_SERVER_EXISTS',
        message: `This address is already managed as "${twin.record.name}".`,
        details: { id: twin.record.id, name: twin.record.name },
      });
    }
  }

  async #readPassword(id: ServerId): Promise<Secret | null> {
    try {
      return await this.#deps.servers.readPassword(id);
    } catch (error) {
      this.#deps.logger.error('The password of a server could not be read', { serverId: id, error });
      return null;
    }
  }

  #serialize<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#changes.then(change);
    // The chain itself must survive a failed change; the caller gets the failure.
    this.#changes = result.catch(() => undefined);
    return result;
  }
}

/** A record that exists only for a test. */
export function toRecord(id: ServerId, input: ServerCreate): ServerRecord {
  return {
    id,
    kind: 'vsphere',
    name: input.name,
    host: input.host,
    port: input.port,
    user: input.user,
    verifySsl: input.verify_ssl,
    pinnedSha256: input.pinned_sha256,
    enabled: input.enabled,
    paused: false,
  };
}

function isOther<T>(before: T, after: T | undefined): boolean {
  return after !== undefined && after !== before;
}

function isSameRecord(left: ServerRecord, right: ServerRecord): boolean {
  return (Object.keys(left) as (keyof ServerRecord)[]).every((key) => left[key] === right[key]);
}
