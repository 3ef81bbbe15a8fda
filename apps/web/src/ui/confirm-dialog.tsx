import { type ReactNode, type RefObject, useState } from 'react';
import { useServices } from '../app/services.ts';
import { describeError } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import { Dialog } from './dialog.tsx';
import { focusSoon } from './focus-soon.ts';
import { ErrorLine } from './message.tsx';

/** Says what will happen, and does it only then. */
export function ConfirmDialog(props: {
  readonly title: string;
  readonly text: string;
  readonly action: string;
  /** Told once it is done. */
  readonly done: string;
  readonly act: () => Promise<void>;
  readonly onClose: () => void;
  /** Takes the focus when it is done: what opened the dialog is gone then. */
  readonly focusAfter: RefObject<HTMLElement | null>;
}): ReactNode {
  const { t } = useWords();
  const { notices } = useServices();
  const [failure, setFailure] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const run = async (): Promise<void> => {
    setBusy(true);
    setFailure(null);
    try {
      await props.act();
      notices.show({ kind: 'ok', text: props.done });
      props.onClose();
      focusSoon(() => props.focusAfter.current);
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  };
  return (
    <Dialog role="alertdialog" title={props.title} onClose={props.onClose}>
      <p>{props.text}</p>
      {failure === null ? null : <ErrorLine>{describeError(t, failure)}</ErrorLine>}
      <div className="dialog-actions">
        {/* biome-ignore lint/a11y/noAutofocus: the harmless answer has the focus when a dialog opens. */}
        <button type="button" className="button" onClick={props.onClose} autoFocus>
          {t('app.cancel')}
        </button>
        <button type="button" className="button danger" disabled={isBusy} onClick={() => void run()}>
          {props.action}
        </button>
      </div>
    </Dialog>
  );
}
