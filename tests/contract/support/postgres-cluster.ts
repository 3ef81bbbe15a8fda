import { execFile } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startChild } from '../../e2e/support/child.ts';

const run = promisify(execFile);
/** Where Debian keeps the server's own programs, one folder per version. */
const HOME = '/usr/lib/postgresql';

export interface PostgresCluster {
  /** Folder of the socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** A new, empty database. */
  createDatabase(): Promise<string>;
  /** As a crash or a restart of the machine would end it. */
  restart(): Promise<void>;
  /** Runs a statement past the program. */
  run(database: string, statement: string): Promise<void>;
  /** Ends every connection of a database from the server's side. */
  cutConnections(database: string): Promise<void>;
  stop(): Promise<void>;
}

/** A real PostgreSQL with nothing in it, in a temporary folder, reached by its socket only. */
export async function startPostgres(): Promise<PostgresCluster> {
  const version = readdirSync(HOME).toSorted((left, right) => Number(right) - Number(left))[0] ?? '';
  const programs = join(HOME, version, 'bin');
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-postgres-'));
  const data = join(folder, 'data');
  mkdirSync(data);
  const identity = await chooseIdentity();
  if (identity.uid !== undefined) for (const path of [folder, data]) chownSync(path, identity.uid, identity.gid ?? 0);
  await run(
    join(programs, 'initdb'),
    ['-D', data, '-U', 'breakwater', '--auth=trust', '--no-sync', '--encoding=UTF8', '--no-locale'],
    identity,
  );
  const args = ['-D', data, '-k', folder, '-c', 'listen_addresses=', '-c', 'fsync=off', '-c', 'autovacuum=off'];
  const launch = async () => {
    const child = startChild(join(programs, 'postgres'), args, { cwd: folder, ...identity });
    await child.waitFor(/ready to accept connections/);
    return child;
  };
  let child = await launch();
  let databases = 0;
  const psql = (database: string, text: string) =>
    run(join(programs, 'psql'), ['-h', folder, '-U', 'breakwater', '-d', database, '-qtc', text], { cwd: folder });
  return {
    host: folder,
    port: 5_432,
    user: 'breakwater',
    async createDatabase() {
      databases += 1;
      const name = `test_${databases}`;
      await psql('postgres', `create database ${name}`);
      return name;
    },
    async restart() {
      await child.stop('SIGQUIT');
      child = await launch();
    },
    async run(database, statement) {
      await psql(database, statement);
    },
    async cutConnections(database) {
      await psql('postgres', `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database}'`);
    },
    async stop() {
      await child.stop('SIGINT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** initdb refuses to run as root, so the tests of root run it as the user that the package has made. */
async function chooseIdentity(): Promise<{ readonly uid?: number; readonly gid?: number }> {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = await Promise.all(['-u', '-g'].map(async (flag) => Number((await run('id', [flag, 'postgres'])).stdout)));
  return { uid: uid ?? 0, gid: gid ?? 0 };
}
