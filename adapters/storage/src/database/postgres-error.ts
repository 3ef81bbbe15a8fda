import { isOpsError, OpsError } from '@breakwater/kernel';

interface Kind {
  readonly code: string;
  readonly text: string;
}

const UNREADABLE: Kind = { code: 'STORAGE_UNREADABLE', text: 'PostgreSQL cannot be reached or refuses the connection.' };
const FULL: Kind = { code: 'STORAGE_FULL', text: 'PostgreSQL has no space left.' };
const READ_ONLY: Kind = { code: 'STORAGE_READ_ONLY', text: 'PostgreSQL takes no writes now.' };
const BUSY: Kind = { code: 'STORAGE_BUSY', text: 'PostgreSQL did not get to it in time. Try again.' };
const FAILED: Kind = { code: 'STORAGE_FAILED', text: 'PostgreSQL refused a statement.' };

/** https://www.postgresql.org/docs/current/errcodes-appendix.html; classes by their first two characters. */
const KINDS = new Map<string, Kind>([
  ['08', UNREADABLE],
  ['28', UNREADABLE],
  ['3D', UNREADABLE],
  ['57P', UNREADABLE],
  ['53', BUSY],
  ['53100', FULL],
  ['25006', READ_ONLY],
  ['55P03', BUSY],
  ['57014', BUSY],
  ['40', BUSY],
]);

/** Errors of PostgreSQL and of the way to it in the shape in which storage reports trouble. */
export function toPostgresError(error: unknown, context: { readonly path: string }): OpsError {
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
  const code = typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : null;
  // Without a state there was no answer: no connection, or one that ended or stayed silent.
  if (code === null || !/^[0-9A-Z]{5}$/.test(code)) return UNREADABLE;
  return KINDS.get(code) ?? KINDS.get(code.slice(0, 3)) ?? KINDS.get(code.slice(0, 2)) ?? FAILED;
}
