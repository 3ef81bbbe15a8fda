import type { InventoryRepository, MachineFacts } from '@breakwater/fleet';
import { type Logger, type ServerId, toServerId } from '@breakwater/kernel';
import type { Kysely } from 'kysely';
import type { Tables } from '../database/tables.ts';
import { decodeInventory, encodeInventory } from './inventory-codec.ts';
import { LatestWriter } from './latest-writer.ts';

interface Snapshot {
  readonly dataAtWallMs: number;
  readonly machines: readonly MachineFacts[];
}

export interface StoredInventories extends InventoryRepository {
  /** Resolves when everything handed to `save` so far is stored or has failed. */
  flush(): Promise<void>;
}

/** One row per server. A busy server costs one write at a time, of its newest state. */
export function createInventoryRepository(db: Kysely<Tables>, options: { readonly logger: Logger }): StoredInventories {
  const writer = new LatestWriter<ServerId, Snapshot>(async (serverId, { dataAtWallMs, machines }) => {
    const row = { data_at_ms: dataAtWallMs, machine_count: machines.length, machines: await encodeInventory(machines) };
    await db
      .insertInto('inventories')
      .values({ server_id: serverId, ...row })
      .onConflict((conflict) => conflict.column('server_id').doUpdateSet(row))
      .execute();
  });

  return {
    async load() {
      const rows = await db.selectFrom('inventories').selectAll().orderBy('server_id').execute();
      const inventories: { serverId: ServerId; dataAtWallMs: number; machines: readonly MachineFacts[] }[] = [];
      for (const row of rows) {
        try {
          const machines = await decodeInventory(row.machines);
          if (machines !== null) inventories.push({ serverId: toServerId(row.server_id), dataAtWallMs: row.data_at_ms, machines });
        } catch (error) {
          // Only a copy of what the server itself knows: without it the page fills a little later.
          options.logger.warn('The stored inventory of a server is damaged and is loaded anew.', { serverId: row.server_id, error });
        }
      }
      return inventories;
    },

    save(serverId, { dataAtWallMs, machines }) {
      // A copy, because a waiting snapshot must not change under the caller's hands.
      return writer.write(serverId, { dataAtWallMs, machines: [...machines] });
    },

    async remove(serverId) {
      await writer.settle(serverId);
      await db.deleteFrom('inventories').where('server_id', '=', serverId).execute();
    },

    flush: () => writer.settleAll(),
  };
}
