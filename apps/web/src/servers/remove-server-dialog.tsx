import type { Server } from '@breakwater/contract';
import { type ReactNode, useState } from 'react';
import { removeServer } from '../api/portal.ts';
import { useServices } from '../app/services.ts';
import { describeError } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import { Dialog } from '../ui/dialog.tsx';
import { ErrorLine } from '../ui/message.tsx';

export function RemoveServerDialog({ server, onClose }: { readonly server: Server; readonly onClose: () => void }): ReactNode {
  const { store } = useServices();
  const { t } = useWords();
  const [failure, setFailure] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const remove = async (): Promise<void> => {
    setBusy(true);
    try {
      await removeServer(server.id);
      store.apply('server.removed', [{ id: server.id }]);
      onClose();
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  };
  return (
    <Dialog role="alertdialog" title={t('servers.remove_title', { name: server.name })} onClose={onClose}>
      <p>{t('servers.remove_text')}</p>
      {failure === null ? null : <ErrorLine>{describeError(t, failure)}</ErrorLine>}
      <div className="dialog-actions">
        {/* biome-ignore lint/a11y/noAutofocus: the harmless answer has the focus when a dialog opens. */}
        <button type="button" className="button" onClick={onClose} autoFocus>
          {t('app.cancel')}
        </button>
        <button type="button" className="button danger" disabled={isBusy} onClick={() => void remove()}>
          {t('servers.remove')}
        </button>
      </div>
    </Dialog>
  );
}
