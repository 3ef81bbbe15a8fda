import type { DeadLetterView } from '@breakwater/contract';
import type { ReactNode, RefObject } from 'react';
import { useServices } from '../app/services.ts';
import { useDeed } from '../app/use-deed.ts';
import { describeError } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import { Dialog } from '../ui/dialog.tsx';
import { focusSoon } from '../ui/focus-soon.ts';
import { ErrorLine } from '../ui/message.tsx';
import { retryFailedOperation } from './requests.ts';
import { toTitle } from './to-title.ts';

/** Says what will happen: asked first where the machine's state can tell, and plainly a second time where it cannot. */
export function RetryDialog(props: {
  readonly letter: DeadLetterView;
  readonly onClose: () => void;
  readonly focusAfter: RefObject<HTMLElement | null>;
}): ReactNode {
  const { letter, onClose, focusAfter } = props;
  const { t } = useWords();
  const { notices, store } = useServices();
  const deed = useDeed();
  const isInDoubt = letter.outcome === 'unknown' && !letter.is_provable;
  const title = toTitle(t, letter);
  const run = async (): Promise<void> => {
    const isDone = await deed.run(async () => {
      const retried = await retryFailedOperation(letter.id, { repetition: isInDoubt ? 'accepted' : 'refused' });
      if (retried.outcome === 'begun') store.putOperation(retried.operation);
      notices.show({
        kind: 'ok',
        text: retried.outcome === 'begun' ? t('failed.begun', { what: title }) : t('failed.already_done', { what: title }),
      });
    });
    if (!isDone) return;
    onClose();
    focusSoon(() => focusAfter.current);
  };
  return (
    <Dialog role="alertdialog" title={t('failed.retry_title', { what: title })} onClose={onClose}>
      <p>{isInDoubt ? t('failed.retry_in_doubt') : t('failed.retry_text')}</p>
      {letter.verb === 'power_on' ? null : <p>{t(`confirm.${letter.verb}`)}</p>}
      {deed.failure === null ? null : <ErrorLine>{describeError(t, deed.failure)}</ErrorLine>}
      <div className="dialog-actions">
        {/* biome-ignore lint/a11y/noAutofocus: the harmless answer has the focus when a dialog opens. */}
        <button type="button" className="button" onClick={onClose} autoFocus>
          {t('app.cancel')}
        </button>
        <button type="button" className={isInDoubt ? 'button danger' : 'button primary'} disabled={deed.isBusy} onClick={() => void run()}>
          {t(`verb.${letter.verb}`)}
        </button>
      </div>
    </Dialog>
  );
}
