import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import type { HistoryRepository } from '@breakwater/fleet';
import { type Logger, type ServerId, toServerId } from '@breakwater/kernel';
import type { Kysely } from 'kysely';
import type { Tables } from '../database/tables.ts';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
/** Many times what an hour and a day of figures take. */
const MAX_DECODED_BYTES = 1_048_576;

export function createHistoryRepository(db: Kysely<Tables>, options: { readonly logger: Logger }): HistoryRepository {
  return {
    async load() {
      const rows = await db.selectFrom('histories').selectAll().orderBy('server_id').execute();
      const loaded: { serverId: ServerId; bytes: Uint8Array }[] = [];
      for (const row of rows) {
        try {
          loaded.push({
            serverId: toServerId(row.server_id),
            bytes: await decompress(row.history, { maxOutputLength: MAX_DECODED_BYTES }),
          });
        } catch (error) {
          options.logger.warn('The kept figures of a server are damaged and begin anew', { serverId: row.server_id, error });
        }
      }
      return loaded;
    },

    async save(serverId, bytes) {
      const row = { history: await compress(bytes) };
      await db
        .insertInto('histories')
        .values({ server_id: serverId, ...row })
        .onConflict((conflict) => conflict.column('server_id').doUpdateSet(row))
        .execute();
    },
  };
}
