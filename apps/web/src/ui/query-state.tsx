import type { ReactNode } from 'react';
import { describeError } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import { ErrorLine } from './message.tsx';

/** What stands above a list that is not there yet, or could not be read. */
export function QueryState(props: {
  readonly query: { readonly isPending: boolean; readonly isFetching: boolean; readonly error: unknown; readonly refetch: () => unknown };
}): ReactNode {
  const { t } = useWords();
  const { isPending, isFetching, error, refetch } = props.query;
  if (error !== null) {
    return (
      <>
        <ErrorLine>{describeError(t, error)}</ErrorLine>
        <div>
          <button type="button" className="button" disabled={isFetching} onClick={() => void refetch()}>
            {t('app.try_again')}
          </button>
        </div>
      </>
    );
  }
  return isPending ? <p role="status">{t('app.loading')}</p> : null;
}
