import type { Operation } from '@breakwater/contract';
import { useInfiniteQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { readOperations } from '../api/portal.ts';
import { useFleet } from '../app/services.ts';
import { useTitle } from '../app/use-title.ts';
import { describeError } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import { ErrorLine, Message } from '../ui/message.tsx';
import { OperationTable } from './operation-table.tsx';

export function OperationsPage(): ReactNode {
  const { t } = useWords();
  useTitle(t('operation.title'));
  return (
    <>
      <h1>{t('operation.title')}</h1>
      <p className="muted">{t('operation.intro')}</p>
      <OperationHistory question={{}} />
    </>
  );
}

const PAGE = 50;

/** The journal page by page; what changes meanwhile comes from the live store. */
export function OperationHistory({ question }: { readonly question: { readonly server_id?: string; readonly moid?: string } }): ReactNode {
  const { t } = useWords();
  const live = useFleet('operations', (store) => store.operations());
  const history = useInfiniteQuery({
    queryKey: ['operations', question],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      readOperations({ ...question, limit: PAGE, ...(pageParam === null ? {} : { before: pageParam }) }, { signal }),
    getNextPageParam: (page) => page.next_cursor,
  });
  const stored = history.data?.pages.flatMap((page) => page.operations) ?? [];
  const mine = live.filter(
    (operation) =>
      (question.server_id === undefined || operation.server_id === question.server_id) &&
      (question.moid === undefined || operation.moid === question.moid),
  );
  const operations = mergeOperations(mine, stored);
  if (operations.length === 0 && history.isPending) return <p role="status">{t('app.loading')}</p>;
  return (
    <>
      {history.error === null ? null : <ErrorLine>{describeError(t, history.error)}</ErrorLine>}
      {operations.length === 0 && history.error === null ? (
        <Message icon="clock" title={t('operation.empty')}>
          <p>{t('operation.empty_text')}</p>
        </Message>
      ) : (
        <OperationTable operations={operations} />
      )}
      {history.hasNextPage ? (
        <p>
          <button type="button" className="button" disabled={history.isFetchingNextPage} onClick={() => void history.fetchNextPage()}>
            {t('operation.more')}
          </button>
        </p>
      ) : null}
    </>
  );
}

export function mergeOperations(live: readonly Operation[], stored: readonly Operation[]): readonly Operation[] {
  const byId = new Map(stored.map((operation) => [operation.id, operation]));
  for (const operation of live) byId.set(operation.id, operation);
  return [...byId.values()].sort((left, right) => Date.parse(right.created_at) - Date.parse(left.created_at));
}
