import { constants } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { formatInstant } from '@breakwater/kernel';
import { ensurePrivateFile } from '../files/private-files.ts';
import { toStorageError } from './storage-error.ts';

const FOLDER = 'backups';
const KEPT = 3;
const DRAFT_SUFFIX = '.draft';

export interface SchemaBackupOptions {
  /** The database file; backups go into a folder beside it. */
  readonly path: string;
  /** Schema that the database has now. */
  readonly version: number;
  readonly wallMs: number;
}

/**
 * Copies a database before its schema is changed, so that an update can be taken back with the program that made it. The copy is
 * complete or not there at all; when it cannot be made, the schema must stay. Gives the path.
 */
export async function backUpSchema(connection: DatabaseSync, options: SchemaBackupOptions): Promise<string> {
  const folder = join(dirname(options.path), FOLDER);
  // The instant comes first, so that names sort by age.
  const stamp = formatInstant(options.wallMs).replaceAll(/[:.]/g, '-');
  const target = join(folder, `${basename(options.path, '.db')}-${stamp}-schema-${options.version}.db`);
  const draft = `${target}${DRAFT_SUFFIX}`;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw toStorageError(error, { path: folder });
  }
  try {
    await removeFiles(
      folder,
      (await readdir(folder)).filter((name) => name.endsWith(DRAFT_SUFFIX)),
    );
    // SQLite fills an empty file and keeps its mode.
    await ensurePrivateFile(draft);
    connection.prepare('vacuum into ?').run(draft);
    await sync(draft);
    await rename(draft, target);
    const made = (await readdir(folder)).filter((name) => /-schema-\d+\.db$/.test(name)).toSorted();
    await removeFiles(folder, made.slice(0, -KEPT));
    return target;
  } catch (error) {
    // A half copy would take the space whose lack may be the reason.
    await rm(draft, { force: true });
    throw toStorageError(error, { path: target });
  }
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDWR);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function removeFiles(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) await rm(join(folder, name), { force: true });
}
