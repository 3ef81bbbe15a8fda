import { type Operation, operationStateSchema } from '@breakwater/contract';
import type { OperationRepository } from '@breakwater/fleet';
import type { Kysely, Selectable } from 'kysely';
import type { OperationRow, Tables } from '../database/tables.ts';
import { type JournalPruner, UNFINISHED } from './journal-pruner.ts';

/** A page larger than this is cut: the journal may be long. */
const MAX_PAGE = 1_000;

export function createOperationRepository(db: Kysely<Tables>, options: { readonly pruner: JournalPruner }): OperationRepository {
  return {
    async insert(operation) {
      await db.insertInto('operations').values(toRow(operation)).execute();
      await options.pruner.noteInsert();
    },

    async update(operation) {
      const { id, ...values } = toRow(operation);
      await db.updateTable('operations').set(values).where('id', '=', id).execute();
    },

    async find(id) {
      const row = await db.selectFrom('operations').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? null : toOperation(row);
    },

    async list({ limit, before, serverId, moid }) {
      let query = db.selectFrom('operations').selectAll();
      if (before !== undefined) {
        query = query.where('sequence', '<', (inner) => inner.selectFrom('operations').select('sequence').where('id', '=', before));
      }
      if (serverId !== undefined) query = query.where('server_id', '=', serverId);
      if (moid !== undefined) query = query.where('moid', '=', moid);
      const rows = await query.orderBy('sequence', 'desc').limit(Math.min(limit, MAX_PAGE)).execute();
      return rows.map(toOperation);
    },

    async listUnfinished() {
      const rows = await db.selectFrom('operations').selectAll().where('state', 'in', UNFINISHED).orderBy('sequence').execute();
      return rows.map(toOperation);
    },
  };
}

const toRow = ({ details, ...values }: Operation) => ({ ...values, details: details === null ? null : JSON.stringify(details) });

function toOperation({ sequence: _sequence, details, ...row }: Selectable<OperationRow>): Operation {
  const state = operationStateSchema.parse(row.state);
  return { ...row, state, details: details === null ? null : (JSON.parse(details) as Record<string, unknown>) };
}
