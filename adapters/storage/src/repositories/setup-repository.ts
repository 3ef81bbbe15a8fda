import type { SetupRecord, SetupRepository, SetupRowRecord } from '@breakwater/host-config';
import type { Kysely } from 'kysely';
import type { Tables } from '../database/tables.ts';

const MAX_PAGE = 500;
const UNFINISHED: readonly SetupRecord['state'][] = ['planning', 'applying', 'rolling_back'];

export function createSetupRepository(db: Kysely<Tables>): SetupRepository {
  return {
    async save(setup) {
      const { config, plan, steps, ...head } = setup;
      const row = { state: setup.state, head: JSON.stringify(head), body: JSON.stringify({ config, plan, steps }) };
      await db
        .insertInto('host_setups')
        .values({ id: setup.id, server_id: setup.server_id, moid: setup.moid, ...row })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
        .execute();
    },

    async find(id) {
      const row = await db.selectFrom('host_setups').select(['head', 'body']).where('id', '=', id).executeTakeFirst();
      return row === undefined ? null : parseWhole(row);
    },

    async list({ limit, moid, serverId }) {
      let query = db.selectFrom('host_setups').select('head');
      if (serverId !== undefined) query = query.where('server_id', '=', serverId);
      if (moid !== undefined) query = query.where('moid', '=', moid);
      const rows = await query.orderBy('sequence', 'desc').limit(Math.min(limit, MAX_PAGE)).execute();
      return rows.map(({ head }) => JSON.parse(head) as SetupRowRecord);
    },

    async listUnfinished() {
      const rows = await db
        .selectFrom('host_setups')
        .select(['head', 'body'])
        .where('state', 'in', UNFINISHED)
        .orderBy('sequence')
        .execute();
      return rows.map(parseWhole);
    },

    async prune({ moid, serverId }, { keep }) {
      const newest = db
        .selectFrom('host_setups')
        .select('sequence')
        .where('server_id', '=', serverId)
        .where('moid', '=', moid)
        .orderBy('sequence', 'desc')
        .limit(keep);
      await db
        .deleteFrom('host_setups')
        .where('server_id', '=', serverId)
        .where('moid', '=', moid)
        .where('state', 'not in', UNFINISHED)
        .where('sequence', 'not in', newest)
        .execute();
    },
  };
}

/** Our own writing. */
function parseWhole({ body, head }: { readonly head: string; readonly body: string }): SetupRecord {
  return { ...(JSON.parse(head) as SetupRowRecord), ...(JSON.parse(body) as Pick<SetupRecord, 'config' | 'plan' | 'steps'>) };
}
