import type { DeadLetterView } from '@breakwater/contract';
import { type FormEvent, type ReactNode, type RefObject, useState } from 'react';
import { useServices } from '../app/services.ts';
import { useDeed } from '../app/use-deed.ts';
import { describeError } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Field } from '../ui/field.tsx';
import { focusSoon } from '../ui/focus-soon.ts';
import { ErrorLine } from '../ui/message.tsx';
import { discardFailedOperation } from './requests.ts';
import { toTitle } from './to-title.ts';

/** As long as the API takes it. */
const MAX_REASON = 300;

export function DiscardDialog(props: {
  readonly letter: DeadLetterView;
  readonly onClose: () => void;
  readonly focusAfter: RefObject<HTMLElement | null>;
}): ReactNode {
  const { letter, onClose, focusAfter } = props;
  const { t } = useWords();
  const { notices } = useServices();
  const deed = useDeed();
  const [reason, setReason] = useState('');
  const [isAsked, setAsked] = useState(false);
  const title = toTitle(t, letter);
  const isMissing = reason.trim() === '';
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    setAsked(true);
    if (isMissing) return;
    if (!(await deed.run(() => discardFailedOperation(letter.id, reason.trim())))) return;
    notices.show({ kind: 'ok', text: t('failed.discarded_notice', { what: title }) });
    onClose();
    focusSoon(() => focusAfter.current);
  };
  return (
    <Dialog role="alertdialog" title={t('failed.discard_title', { what: title })} onClose={onClose}>
      <form className="form" noValidate onSubmit={(event) => void submit(event)}>
        <p>{t('failed.discard_text')}</p>
        <Field
          label={t('failed.reason')}
          value={reason}
          maxLength={MAX_REASON}
          autoFocus
          error={isAsked && isMissing ? t('access.required') : null}
          onChange={(event) => setReason(event.target.value)}
        />
        {deed.failure === null ? null : <ErrorLine>{describeError(t, deed.failure)}</ErrorLine>}
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            {t('app.cancel')}
          </button>
          <button type="submit" className="button danger" disabled={deed.isBusy}>
            {t('failed.discard')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
