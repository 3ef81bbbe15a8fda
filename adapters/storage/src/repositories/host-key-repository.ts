import type { HostKeyRepository } from '@breakwater/host-config';
import type { Kysely } from 'kysely';
import type { Tables } from '../database/tables.ts';

export function createHostKeyRepository(db: Kysely<Tables>): HostKeyRepository {
  return {
    async find({ moid, port, serverId }) {
      const row = await db
        .selectFrom('host_keys')
        .selectAll()
        .where('server_id', '=', serverId)
        .where('moid', '=', moid)
        .where('port', '=', port)
        .executeTakeFirst();
      if (row === undefined) return null;
      const { fingerprint, key_type: type, public_key: key, trusted_at_ms: atMs, trusted_by: by } = row;
      return { type, key, fingerprint, atMs, by };
    },

    async save({ moid, port, serverId }, { atMs, by, fingerprint, key, type }) {
      const row = { key_type: type, public_key: key, fingerprint, trusted_at_ms: atMs, trusted_by: by };
      await db
        .insertInto('host_keys')
        .values({ server_id: serverId, moid, port, ...row })
        .onConflict((conflict) => conflict.columns(['server_id', 'moid', 'port']).doUpdateSet(row))
        .execute();
    },
  };
}
