import type { DeadLetterView } from '@breakwater/contract';
import { type ReactNode, useRef, useState } from 'react';
import { useMay } from '../app/services.ts';
import { useTitle } from '../app/use-title.ts';
import { useWords } from '../i18n/use-words.ts';
import { Message } from '../ui/message.tsx';
import { QueryState } from '../ui/query-state.tsx';
import { DiscardDialog } from './discard-dialog.tsx';
import { FailedOperationTable } from './failed-operation-table.tsx';
import { RetryDialog } from './retry-dialog.tsx';
import { useFailedOperations } from './use-failed-operations.ts';

type Opened = { readonly kind: 'retry' | 'discard'; readonly letter: DeadLetterView };

/** More at once would be a page nobody reads to its end. */
const STEP = 50;

export function FailedOperationsPage(): ReactNode {
  const { t } = useWords();
  useTitle(t('failed.title'));
  const query = useFailedOperations();
  const heading = useRef<HTMLHeadingElement>(null);
  const [opened, setOpened] = useState<Opened | null>(null);
  const [shown, setShown] = useState(STEP);
  const mayAct = useMay('operator');
  const letters = query.data?.dead_letters;
  const close = (): void => setOpened(null);
  return (
    <>
      <h1 ref={heading} tabIndex={-1}>
        {t('failed.title')}
      </h1>
      <p className="muted">{t('failed.intro')}</p>
      <QueryState query={query} />
      {letters === undefined ? null : letters.length === 0 ? (
        <Message icon="check" title={t('failed.empty')}>
          <p>{t('failed.empty_text')}</p>
        </Message>
      ) : (
        <>
          <p role="status">{t('failed.count', { count: letters.length })}</p>
          <FailedOperationTable
            letters={letters.slice(0, shown)}
            onRetry={mayAct ? (letter) => setOpened({ kind: 'retry', letter }) : null}
            onDiscard={mayAct ? (letter) => setOpened({ kind: 'discard', letter }) : null}
          />
          {letters.length > shown ? (
            <p>
              <button type="button" className="button" onClick={() => setShown(shown + STEP)}>
                {t('operation.more')}
              </button>
            </p>
          ) : null}
        </>
      )}
      {opened?.kind === 'retry' ? <RetryDialog letter={opened.letter} onClose={close} focusAfter={heading} /> : null}
      {opened?.kind === 'discard' ? <DiscardDialog letter={opened.letter} onClose={close} focusAfter={heading} /> : null}
    </>
  );
}
