import { type ControlRepository, parseControls, type ServerControls } from '@breakwater/fleet';
import { type Logger, type ServerId, toServerId } from '@breakwater/kernel';
import type { Kysely } from 'kysely';
import type { Tables } from '../database/tables.ts';

export function createControlRepository(db: Kysely<Tables>, options: { readonly logger: Logger }): ControlRepository {
  return {
    async load() {
      const rows = await db.selectFrom('controls').selectAll().orderBy('server_id').execute();
      const loaded: { serverId: ServerId; controls: ServerControls }[] = [];
      for (const row of rows) {
        const controls = parse(row.controls);
        if (controls !== null) loaded.push({ serverId: toServerId(row.server_id), controls });
        else options.logger.warn('What was set by hand about a server cannot be read and no longer holds', { serverId: row.server_id });
      }
      return loaded;
    },

    async save(serverId, controls) {
      const row = { controls: JSON.stringify(controls) };
      await db
        .insertInto('controls')
        .values({ server_id: serverId, ...row })
        .onConflict((conflict) => conflict.column('server_id').doUpdateSet(row))
        .execute();
    },
  };
}

function parse(text: string): ServerControls | null {
  try {
    return parseControls(JSON.parse(text));
  } catch {
    return null;
  }
}
