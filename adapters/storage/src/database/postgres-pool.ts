import type { Logger, Secret } from '@breakwater/kernel';
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import pg from 'pg';
import { toPostgresError } from './postgres-error.ts';

export interface PostgresAddress {
  /** A name, an address, or the folder of a Unix socket. Passwords are sent without TLS, so keep it on this machine or behind a tunnel. */
  readonly host: string;
  /** Default 5432. */
  readonly port?: number;
  readonly database: string;
  readonly user: string;
  /** Unset: the server trusts the socket. */
  readonly password?: Secret;
}

const MAX_CONNECTIONS = 4;
const CONNECT_TIMEOUT_MS = 5_000;
/** Longest time of one statement, lock included: nobody here waits longer for a row. */
const STATEMENT_TIMEOUT_MS = 10_000;

/** 64-bit integers come as text by default; ours are milliseconds and counts, which a number holds. */
const INT8 = 20;
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8
      ? Number
      : format === undefined
        ? pg.types.getTypeParser(oid)
        : pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
};

/** Gives `pg` the face that Kysely's own PostgreSQL dialect expects, with our errors. */
export function createPostgresPool(address: PostgresAddress, options: { readonly logger: Logger }): PostgresPool {
  const { host, port = 5_432, database, user, password } = address;
  const pool = new pg.Pool({
    host,
    port,
    database,
    user,
    ...(password === undefined ? {} : { password: () => password.reveal() }),
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    // A server that is gone without a word answers no statement timeout.
    query_timeout: STATEMENT_TIMEOUT_MS + CONNECT_TIMEOUT_MS,
    application_name: 'breakwater',
    types,
  });
  // A connection that is lost while nobody uses it is replaced with the next question; unheard, it would end the process.
  pool.on('error', (error) => options.logger.warn('A connection to PostgreSQL was lost', { error: error.message }));
  const path = `${host}/${database}`;
  const guard = async <T>(act: () => Promise<T>): Promise<T> => {
    try {
      return await act();
    } catch (error) {
      throw toPostgresError(error, { path });
    }
  };
  return {
    connect: async (): Promise<PostgresPoolClient> => {
      const client = await guard(() => pool.connect());
      const query = (text: string, values: readonly unknown[]) => guard(() => client.query(text, [...values]));
      // Kysely's other signature is for cursors, which only streams use.
      return { query: query as unknown as PostgresPoolClient['query'], release: (destroy) => client.release(destroy) };
    },
    options: pool.options,
    end: () => pool.end(),
  };
}
