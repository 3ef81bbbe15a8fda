import type { TFunction } from 'i18next';
import { ApiError } from '../api/api-error.ts';

/** Words for a stable code; `fallback` is the server's English text for codes this page does not know. */
export function describeCode(t: TFunction, problem: { readonly code: string | null; readonly fallback: string | null }): string {
  const { code, fallback } = problem;
  if (code === null) return fallback ?? '';
  const key = `error.${code}`;
  const known = (t as unknown as (key: string, options: { defaultValue: string }) => string)(key, { defaultValue: '' });
  return known === '' || known === key ? (fallback ?? code) : known;
}

/** What happened, in the reader's words, with the reference for the server's log. */
export function describeError(t: TFunction, error: unknown): string {
  if (!(error instanceof ApiError)) return error instanceof Error ? error.message : String(error);
  const text = describeCode(t, { code: error.code, fallback: error.message });
  // Who only mistyped a password has no use for a reference.
  const isOurFault = error.status >= 500;
  return error.requestId === null || !isOurFault ? text : `${text} ${t('error.with_id', { id: error.requestId })}`;
}

/** Why a machine that is on has no picture. */
export function describeScreenProblem(t: TFunction, code: string | null): string {
  const none = t('machines.no_screen');
  return code === null ? none : describeCode(t, { code, fallback: `${none} (${code})` });
}
