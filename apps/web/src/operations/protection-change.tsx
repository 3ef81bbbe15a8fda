import type { Operation, ServerLimits } from '@breakwater/contract';
import type { ReactNode } from 'react';
import { LIMIT_NAMES } from '../health/limit-names.ts';
import { useWords } from '../i18n/use-words.ts';

const KINDS = {
  'breaker.trip': 'breaker_trip',
  'breaker.isolate': 'breaker_isolate',
  'breaker.reset': 'breaker_reset',
  'breaker.end_isolation': 'breaker_end_isolation',
  'polling.pause': 'polling_pause',
  'polling.resume': 'polling_resume',
  'limits.set': 'limits_set',
  'limits.revert': 'limits_revert',
} as const;

const isKnown = (kind: string): kind is keyof typeof KINDS => Object.hasOwn(KINDS, kind);

/** Null for operations of another sort. */
export const toProtectionKind = (kind: string): (typeof KINDS)[keyof typeof KINDS] | null => (isKnown(kind) ? KINDS[kind] : null);

/** What an act on a server's protection changed, from where to where and until when. */
export function ProtectionChange({ operation }: { readonly operation: Operation }): ReactNode {
  const { t, format } = useWords();
  const { details, kind } = operation;
  if (details === null || !isKnown(kind)) return null;
  const before = readLimits(details['before']);
  const after = readLimits(details['after']);
  const changed = LIMIT_NAMES.filter(
    (name) => before?.[name] !== after?.[name] && before?.[name] !== undefined && after?.[name] !== undefined,
  );
  const until = kind === 'limits.set' || kind === 'polling.pause' || kind === 'breaker.isolate' ? readUntil(details['after'], kind) : null;
  const { reason } = details;
  return (
    <>
      {changed.map((name) => (
        <span key={name} className="outcome-why">
          {t('operation.change', {
            what: t(`limit.${name}`),
            before: format.number(before?.[name] ?? 0),
            after: format.number(after?.[name] ?? 0),
          })}
        </span>
      ))}
      {typeof reason === 'string' ? <span className="outcome-why">{t('operation.reason', { reason })}</span> : null}
      {until === null ? null : <span className="outcome-why">{t('operation.until', { time: format.dateTime(until) })}</span>}
    </>
  );
}

const SLOTS = { 'limits.set': 'limits', 'polling.pause': 'polling_paused', 'breaker.isolate': 'isolation' } as const;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;

function readUntil(state: unknown, kind: keyof typeof SLOTS): string | null {
  const slot = isRecord(state) ? state[SLOTS[kind]] : null;
  const until = isRecord(slot) ? slot['until'] : null;
  return typeof until === 'string' ? until : null;
}

function readLimits(state: unknown): Partial<ServerLimits> | null {
  const limits = isRecord(state) ? state['limits'] : null;
  const values = isRecord(limits) ? limits['values'] : null;
  return isRecord(values) ? (values as Partial<ServerLimits>) : null;
}
