import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { SqliteDatabase, SqliteStatement } from 'kysely';
import { toStorageError } from './storage-error.ts';

const MAX_STATEMENTS = 200;

/**
 * Gives `node:sqlite` the face that Kysely's own SQLite dialect expects. Prepared statements are kept, because Kysely
 * asks for each anew: preparing costs more than most of our statements take to run.
 */
export function createKyselyDatabase(database: DatabaseSync, options: { readonly path: string }): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>();
  const guard: Guard = (act) => {
    try {
      return act();
    } catch (error) {
      throw toStorageError(error, options);
    }
  };
  return {
    close: () => {
      statements.clear();
      guard(() => database.close());
    },
    prepare: (sql) => {
      const known = statements.get(sql);
      if (known !== undefined) return known;
      const prepared = sql === 'rollback' ? createRollback(database, guard) : guard(() => toKyselyStatement(database.prepare(sql), guard));
      if (statements.size >= MAX_STATEMENTS) statements.clear();
      statements.set(sql, prepared);
      return prepared;
    },
  };
}

type Guard = <Result>(act: () => Result) => Result;

/**
 * SQLite takes a transaction back by itself when the disk is full or fails (https://sqlite.org/lang_transaction.html).
 * A ROLLBACK would then be an error of its own and hide the one that tells why.
 */
function createRollback(database: DatabaseSync, guard: Guard): SqliteStatement {
  const statement = guard(() => toKyselyStatement(database.prepare('rollback'), guard));
  return { ...statement, run: (parameters) => (database.isTransaction ? statement.run(parameters) : { changes: 0, lastInsertRowid: 0 }) };
}

function toKyselyStatement(statement: StatementSync, guard: Guard): SqliteStatement {
  return {
    // A statement that returns columns must be read to its end, also an INSERT with RETURNING.
    reader: statement.columns().length > 0,
    all: (parameters) => guard(() => statement.all(...(parameters as SQLInputValue[]))),
    run: (parameters) => guard(() => statement.run(...(parameters as SQLInputValue[]))),
    iterate: (parameters) => guard(() => statement.iterate(...(parameters as SQLInputValue[]))),
  };
}
