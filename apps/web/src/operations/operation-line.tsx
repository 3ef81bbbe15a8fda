import type { Operation } from '@breakwater/contract';
import type { TFunction } from 'i18next';
import type { ReactNode } from 'react';
import { describeCode } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import { HostAct, toHostKind } from './host-act.tsx';
import { isRunning } from './is-running.ts';
import { toVerb } from './power-verbs.ts';
import { ProtectionChange, toProtectionKind } from './protection-change.tsx';

/** `Power off: web-01`, in the reader's language. */
export function toOperationTitle(t: TFunction, operation: Operation): string {
  const words = toWords(t, operation.kind);
  const { login, server_name: serverName } = operation.details ?? {};
  const name = operation.machine_name ?? [serverName, login].find((part) => typeof part === 'string') ?? null;
  return name === null ? words : t('operation.on', { verb: words, name });
}

function toWords(t: TFunction, kind: string): string {
  if (kind === 'dead_letter.discarded') return t('failed.discarded');
  if (kind === 'dead_letter.settled') return t('failed.settled');
  const protection = toProtectionKind(kind);
  if (protection !== null) return t(`operation_kind.${protection}`);
  const host = toHostKind(kind);
  if (host !== null) return t(`operation_kind.${host}`);
  const verb = toVerb(kind);
  return verb === null ? kind : t(`verb.${verb}`);
}

/** Outcome in words: state, why, and what `unknown` means. */
export function OperationOutcome({ operation }: { readonly operation: Operation }): ReactNode {
  const { t, format } = useWords();
  const { state, progress_percent: percent } = operation;
  const why = describeCode(t, { code: operation.error_code, fallback: operation.error });
  return (
    <div className={`outcome operation-${state}`}>
      <span className="outcome-word">
        {t(`operation_state.${state}`)}
        {state === 'running' && percent !== null ? ` · ${format.percent(percent)}` : ''}
      </span>
      {isRunning(operation) ? (
        <progress
          aria-label={t('operation.progress', { name: operation.machine_name ?? operation.kind })}
          max={100}
          value={percent === null ? undefined : percent}
        />
      ) : null}
      {why === '' ? null : <span className="outcome-why">{why}</span>}
      <ProtectionChange operation={operation} />
      <HostAct operation={operation} />
      {state === 'unknown' ? <span className="outcome-why">{t('operation.unknown_explained')}</span> : null}
    </div>
  );
}
