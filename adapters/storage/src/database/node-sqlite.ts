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
  const guard = <Result>(act: () => Result): Result => {
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
      const prepared = guard(() => toKyselyStatement(database.prepare(sql), guard));
      if (statements.size >= MAX_STATEMENTS) statements.clear();
      statements.set(sql, prepared);
      return prepared;
    },
  };
}

function toKyselyStatement(statement: StatementSync, guard: <Result>(act: () => Result) => Result): SqliteStatement {
  return {
    // A statement that returns columns must be read to its end, also an INSERT with RETURNING.
    reader: statement.columns().length > 0,
    all: (parameters) => guard(() => statement.all(...(parameters as SQLInputValue[]))),
    run: (parameters) => guard(() => statement.run(...(parameters as SQLInputValue[]))),
    iterate: (parameters) => guard(() => statement.iterate(...(parameters as SQLInputValue[]))),
  };
}
