import { isOpsError, OpsError } from '@breakwater/kernel';

interface Kind {
  readonly code: string;
  readonly text: string;
}

const FULL: Kind = {
  code: 'STORAGE_FULL',
  text: 'There is no space left for the database. Nothing was lost; free some space and try again.',
};
const READ_ONLY: Kind = { code: 'STORAGE_READ_ONLY', text: 'The database cannot be written: the folder or the file is read-only.' };
const CORRUPT: Kind = {
  code: 'STORAGE_CORRUPT',
  text: 'The database file is damaged. It is left as it is; restore a backup, or move the file away to start empty.',
};
const BUSY: Kind = { code: 'STORAGE_BUSY', text: 'Another process holds the database. Try again.' };
const UNREADABLE: Kind = { code: 'STORAGE_UNREADABLE', text: 'The database file cannot be opened or read.' };
const FAILED: Kind = { code: 'STORAGE_FAILED', text: 'The database refused a statement.' };

/** Primary result codes of SQLite (the low byte), https://sqlite.org/rescode.html */
const KINDS = new Map<number, Kind>([
  [5, BUSY],
  [6, BUSY],
  [8, READ_ONLY],
  [10, UNREADABLE],
  [11, CORRUPT],
  [13, FULL],
  [14, UNREADABLE],
  [26, CORRUPT],
]);

/** Extended codes that say more than their primary one: a write or sync that failed inside SQLITE_IOERR. */
const WRITE_FAILURES = new Set([778, 1_034, 1_290, 1_546]);

const ERRNO_KINDS = new Map<string, Kind>([
  ['ENOSPC', FULL],
  ['EDQUOT', FULL],
  ['EROFS', READ_ONLY],
  ['EACCES', READ_ONLY],
  ['EPERM', READ_ONLY],
]);

export interface StorageErrorContext {
  /** Which file; paths are no secret. */
  readonly path: string;
}

/** The one shape in which storage reports trouble, for errors of SQLite and of the file system alike. */
export function toStorageError(error: unknown, context: StorageErrorContext): OpsError {
  if (isOpsError(error)) return error;
  const kind = classify(error);
  return new OpsError({
    code: kind.code,
    message: `${kind.text} (${context.path}: ${error instanceof Error ? error.message : String(error)})`,
    cause: error,
    details: { path: context.path },
  });
}

function classify(error: unknown): Kind {
  if (typeof error !== 'object' || error === null) return FAILED;
  if ('errcode' in error && typeof error.errcode === 'number') {
    if (WRITE_FAILURES.has(error.errcode))
      return { ...FULL, text: 'The database file could not be written; the disk may be full or failing.' };
    return KINDS.get(error.errcode & 0xff) ?? FAILED;
  }
  if ('code' in error && typeof error.code === 'string') return ERRNO_KINDS.get(error.code) ?? UNREADABLE;
  return FAILED;
}
