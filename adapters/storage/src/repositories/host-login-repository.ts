import type { HostLoginRecord, HostLoginRepository } from '@breakwater/host-config';
import type { Kysely, Selectable } from 'kysely';
import type { PasswordVault } from '../crypto/password-vault.ts';
import type { HostLoginRow, Tables } from '../database/tables.ts';

export function createHostLoginRepository(db: Kysely<Tables>, { vault }: { readonly vault: PasswordVault }): HostLoginRepository {
  return {
    async list() {
      const rows = await db.selectFrom('host_logins').selectAll().orderBy('name').execute();
      return rows.map(toRecord);
    },

    async find(id) {
      const row = await db.selectFrom('host_logins').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? null : toRecord(row);
    },

    async save(login, { privateKey }) {
      const row = {
        name: login.name,
        user_name: login.user,
        key_type: login.keyType,
        fingerprint: login.fingerprint,
        created_at_ms: login.createdAtMs,
        updated_at_ms: login.updatedAtMs,
      };
      if (privateKey === undefined) {
        await db.updateTable('host_logins').set(row).where('id', '=', login.id).execute();
        return;
      }
      const { keyId, sealed } = vault.seal(login.id, privateKey);
      const whole = { ...row, key_id: keyId, key_sealed: sealed };
      await db
        .insertInto('host_logins')
        .values({ id: login.id, ...whole })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(whole))
        .execute();
    },

    async remove(id) {
      await db.deleteFrom('host_logins').where('id', '=', id).execute();
    },

    async readKey(id) {
      const row = await db.selectFrom('host_logins').select(['key_id', 'key_sealed']).where('id', '=', id).executeTakeFirst();
      return row === undefined ? null : vault.open(id, { keyId: row.key_id, sealed: row.key_sealed });
    },
  };
}

const toRecord = (row: Selectable<HostLoginRow>): HostLoginRecord => ({
  id: row.id,
  name: row.name,
  user: row.user_name,
  keyType: row.key_type,
  fingerprint: row.fingerprint,
  createdAtMs: row.created_at_ms,
  updatedAtMs: row.updated_at_ms,
});
