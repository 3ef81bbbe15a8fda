import type { ServerRecord, ServerRepository } from '@breakwater/fleet';
import { type Clock, toServerId } from '@breakwater/kernel';
import type { Kysely, Selectable } from 'kysely';
import type { PasswordVault } from '../crypto/password-vault.ts';
import type { ServerRow, Tables } from '../database/tables.ts';

/** Whose rows go with their server. */
export const TABLES_OF_SERVERS = ['inventories', 'controls', 'histories', 'host_keys', 'host_setups'] as const;

export function createServerRepository(
  db: Kysely<Tables>,
  options: { readonly vault: PasswordVault; readonly clock: Clock },
): ServerRepository {
  const { clock, vault } = options;
  return {
    async list() {
      const rows = await db.selectFrom('servers').selectAll().orderBy('created_at_ms').orderBy('id').execute();
      return rows.map(toRecord);
    },

    async save(record, { password }) {
      const row = toRow(record);
      const sealed = password === undefined ? null : vault.seal(record.id, password);
      const secret = sealed === null ? {} : { password_key_id: sealed.keyId, password_sealed: sealed.sealed };
      await db
        .insertInto('servers')
        .values({ id: record.id, created_at_ms: clock.wall(), password_key_id: null, password_sealed: null, ...row, ...secret })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ ...row, ...secret }))
        .execute();
    },

    async remove(id) {
      await db.transaction().execute(async (transaction) => {
        for (const table of TABLES_OF_SERVERS) {
          await transaction.deleteFrom(table).where('server_id', '=', id).execute();
        }
        await transaction.deleteFrom('servers').where('id', '=', id).execute();
      });
    },

    async readPassword(id) {
      const row = await db.selectFrom('servers').select(['password_key_id', 'password_sealed']).where('id', '=', id).executeTakeFirst();
      if (row === undefined || row.password_key_id === null || row.password_sealed === null) return null;
      return vault.open(id, { keyId: row.password_key_id, sealed: row.password_sealed });
    },
  };
}

function toRow(record: ServerRecord) {
  return {
    kind: record.kind,
    name: record.name,
    host: record.host,
    port: record.port,
    user_name: record.user,
    verify_ssl: record.verifySsl ? 1 : 0,
    pinned_sha256: record.pinnedSha256,
    enabled: record.enabled ? 1 : 0,
    paused: record.paused ? 1 : 0,
  };
}

function toRecord(row: Selectable<ServerRow>): ServerRecord {
  return {
    id: toServerId(row.id),
    kind: row.kind,
    name: row.name,
    host: row.host,
    port: row.port,
    user: row.user_name,
    verifySsl: row.verify_ssl === 1,
    pinnedSha256: row.pinned_sha256,
    enabled: row.enabled === 1,
    paused: row.paused === 1,
  };
}
