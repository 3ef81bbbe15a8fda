import type { Operation } from '@breakwater/contract';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useWords } from '../i18n/use-words.ts';
import { OperationOutcome, toOperationTitle } from './operation-line.tsx';

export function OperationTable({ operations }: { readonly operations: readonly Operation[] }): ReactNode {
  const { t, format } = useWords();
  return (
    <table className="table stacking">
      <thead>
        <tr>
          <th scope="col">{t('operation.when')}</th>
          <th scope="col">{t('operation.what')}</th>
          <th scope="col">{t('operation.who')}</th>
          <th scope="col">{t('operation.outcome')}</th>
        </tr>
      </thead>
      <tbody>
        {operations.map((operation) => (
          <tr key={operation.id}>
            <td data-label={t('operation.when')}>
              <time dateTime={operation.created_at}>{format.dateTime(operation.created_at)}</time>
            </td>
            <td data-label={t('operation.what')}>
              {operation.server_id === null || operation.moid === null ? (
                toOperationTitle(t, operation)
              ) : (
                <Link to="/machines/$serverId/$moid" params={{ serverId: operation.server_id, moid: operation.moid }}>
                  {toOperationTitle(t, operation)}
                </Link>
              )}
            </td>
            <td data-label={t('operation.who')}>{operation.actor}</td>
            <td data-label={t('operation.outcome')}>
              <OperationOutcome operation={operation} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
