import type { Server } from '@breakwater/contract';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { testServer } from '../api/portal.ts';
import { describeError } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import { Dialog } from '../ui/dialog.tsx';
import { ErrorLine } from '../ui/message.tsx';
import { TestSteps } from './test-steps.tsx';

export function TestServerDialog({ server, onClose }: { readonly server: Server; readonly onClose: () => void }): ReactNode {
  const { t } = useWords();
  const test = useQuery({
    queryKey: ['server-test', server.id],
    queryFn: ({ signal }) => testServer(server.id, { signal }),
    // Each try signs in on the server once; never without being asked to.
    retry: false,
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  return (
    <Dialog title={t('servers.test_of', { name: server.name })} onClose={onClose} size="wide">
      {test.isFetching ? <p role="status">{t('server_form.testing')}</p> : null}
      {test.error === null ? null : <ErrorLine>{describeError(t, test.error)}</ErrorLine>}
      {test.data === undefined || test.isFetching ? null : <TestSteps test={test.data} />}
      <div className="dialog-actions">
        <button type="button" className="button" disabled={test.isFetching} onClick={() => void test.refetch()}>
          {t('server_form.retest')}
        </button>
        <button type="button" className="button primary" onClick={onClose}>
          {t('app.close')}
        </button>
      </div>
    </Dialog>
  );
}
