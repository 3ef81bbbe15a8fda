import { type ReactNode, useState } from 'react';
import { trustServer } from '../api/portal.ts';
import { useFleet, useServices } from '../app/services.ts';
import { describeError } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import { Dialog } from '../ui/dialog.tsx';
import { ErrorLine } from '../ui/message.tsx';
import { CertificateView } from './certificate-view.tsx';

/** A server waits until somebody has looked at its certificate. */
export function CertificateDialog({ serverId, onClose }: { readonly serverId: string; readonly onClose: () => void }): ReactNode {
  const server = useFleet(`server:${serverId}`, (store) => store.server(serverId));
  const { store } = useServices();
  const { t } = useWords();
  const [failure, setFailure] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  // What a person has compared letter by letter is what gets trusted, also when the server offers another one in between.
  const [offered] = useState(server?.offered_certificate ?? null);
  if (server === undefined || offered === null) return null;
  const hasChanged = server.state === 'certificate_changed';
  const trust = async (): Promise<void> => {
    setBusy(true);
    setFailure(null);
    try {
      store.apply('server.changed', [await trustServer(server.id, offered.sha256)]);
      onClose();
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  };
  return (
    <Dialog
      size="wide"
      role="alertdialog"
      title={t(hasChanged ? 'certificate.changed_title' : 'certificate.untrusted_title', { name: server.name })}
      onClose={onClose}
    >
      <p>{hasChanged ? t('certificate.changed_text') : t('server_form.certificate_text')}</p>
      {server.pinned_sha256 === null ? null : (
        <dl className="facts">
          <div className="fact">
            <dt>{t('certificate.confirmed_before')}</dt>
            <dd>
              <code className="fingerprint">{server.pinned_sha256}</code>
            </dd>
          </div>
        </dl>
      )}
      <h3>{t('certificate.offered_now')}</h3>
      <CertificateView certificate={offered} />
      {failure === null ? null : <ErrorLine>{describeError(t, failure)}</ErrorLine>}
      <div className="dialog-actions">
        {/* biome-ignore lint/a11y/noAutofocus: the harmless answer has the focus when a dialog opens. */}
        <button type="button" className="button" onClick={onClose} autoFocus>
          {t('certificate.keep_blocked')}
        </button>
        <button type="button" className="button danger" disabled={isBusy} onClick={() => void trust()}>
          {t('certificate.trust')}
        </button>
      </div>
    </Dialog>
  );
}
