import type { Certificate, Server, ServerTest } from '@breakwater/contract';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { addServer, probeServer, testCandidate, updateServer } from '../api/portal.ts';
import { useServices } from '../app/services.ts';
import { describeError } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import { Dialog } from '../ui/dialog.tsx';
import { ErrorLine } from '../ui/message.tsx';
import { CertificateView } from './certificate-view.tsx';
import { needsProbe, type ServerDraft, toCreate, toDraft, toUpdate } from './server-draft.ts';
import { ServerFields } from './server-fields.tsx';
import { TestSteps } from './test-steps.tsx';

/** Fields, then the certificate for a person to confirm, then a test, then it is saved. */
type Step =
  | { readonly kind: 'fields' }
  | { readonly kind: 'probing' }
  | { readonly kind: 'unreached'; readonly probe: ServerTest }
  | { readonly kind: 'certificate'; readonly certificate: Certificate }
  | { readonly kind: 'testing'; readonly sha256: string | null }
  | { readonly kind: 'tested'; readonly sha256: string | null; readonly test: ServerTest }
  | { readonly kind: 'saving' };

export function ServerFormDialog({ server, onClose }: { readonly server: Server | null; readonly onClose: () => void }): ReactNode {
  const { store } = useServices();
  const { t } = useWords();
  const [draft, setDraft] = useState<ServerDraft>(() => toDraft(server));
  const [step, setStep] = useState<Step>({ kind: 'fields' });
  const [failure, setFailure] = useState<unknown>(null);
  const abort = useRef<AbortController | null>(null);
  useEffect(() => () => abort.current?.abort(), []);

  /** Runs one request; leaving the dialog ends it, a failure leads back to `otherwise`. */
  const run = async (deed: (signal: AbortSignal) => Promise<void>, otherwise: Step): Promise<void> => {
    abort.current?.abort();
    const own = new AbortController();
    abort.current = own;
    setFailure(null);
    try {
      await deed(own.signal);
    } catch (error) {
      if (own.signal.aborted) return;
      setFailure(error);
      setStep(otherwise);
    }
  };

  const save = (sha256: string | null, otherwise: Step): Promise<void> => {
    setStep({ kind: 'saving' });
    return run(async () => {
      const saved =
        server === null
          ? await addServer(toCreate(draft, sha256))
          : await updateServer(server.id, toUpdate(draft, { server, pinnedSha256: sha256 }));
      store.apply('server.changed', [saved]);
      onClose();
    }, otherwise);
  };

  const test = (sha256: string | null): Promise<void> => {
    // Without a typed password there is nothing to try: the stored one stays on the portal and is tried by the server's own test.
    if (draft.password === '') return save(sha256, { kind: 'fields' });
    setStep({ kind: 'testing', sha256 });
    return run(
      async (signal) => {
        const result = await testCandidate(toCreate(draft, sha256), { signal });
        setStep({ kind: 'tested', sha256, test: result });
      },
      { kind: 'fields' },
    );
  };

  const begin = (): Promise<void> => {
    if (!needsProbe(draft, server)) return test(draft.verifySsl ? null : (server?.pinned_sha256 ?? null));
    setStep({ kind: 'probing' });
    return run(
      async (signal) => {
        const probe = await probeServer({ host: draft.host.trim(), port: Number(draft.port) }, { signal });
        setStep(probe.certificate === null ? { kind: 'unreached', probe } : { kind: 'certificate', certificate: probe.certificate });
      },
      { kind: 'fields' },
    );
  };

  const back = (): void => {
    abort.current?.abort();
    setFailure(null);
    setStep({ kind: 'fields' });
  };

  return (
    <Dialog
      size="wide"
      role="alertdialog"
      title={server === null ? t('server_form.add_title') : t('server_form.edit_title', { name: server.name })}
      onClose={onClose}
    >
      {failure === null ? null : <ErrorLine>{describeError(t, failure)}</ErrorLine>}
      {step.kind === 'fields' ? (
        <ServerFields server={server} draft={draft} onChange={setDraft} onSubmit={() => void begin()} onCancel={onClose} />
      ) : null}
      {step.kind === 'probing' ? <p role="status">{t('server_form.checking')}</p> : null}
      {step.kind === 'testing' ? <p role="status">{t('server_form.testing')}</p> : null}
      {step.kind === 'saving' ? <p role="status">{t('server_form.saving')}</p> : null}
      {step.kind === 'unreached' ? <TestSteps test={step.probe} /> : null}
      {step.kind === 'certificate' ? (
        <>
          <h3>{t('server_form.certificate_title')}</h3>
          <p>{t('server_form.certificate_text')}</p>
          <CertificateView certificate={step.certificate} />
        </>
      ) : null}
      {step.kind === 'tested' ? <TestSteps test={step.test} /> : null}
      {step.kind === 'fields' ? null : (
        <div className="dialog-actions">
          <button type="button" className="button" onClick={back} disabled={step.kind === 'saving'}>
            {t('server_form.back')}
          </button>
          {step.kind === 'certificate' ? (
            <button type="button" className="button primary" onClick={() => void test(step.certificate.sha256)}>
              {t('server_form.certificate_confirm')}
            </button>
          ) : null}
          {step.kind === 'unreached' ? (
            <button type="button" className="button" onClick={() => void save(null, step)}>
              {t('server_form.save_anyway')}
            </button>
          ) : null}
          {step.kind === 'tested' ? (
            <>
              {step.test.success ? null : (
                <button type="button" className="button" onClick={() => void test(step.sha256)}>
                  {t('server_form.retest')}
                </button>
              )}
              <button type="button" className={`button ${step.test.success ? 'primary' : ''}`} onClick={() => void save(step.sha256, step)}>
                {step.test.success ? t('server_form.save') : t('server_form.save_anyway')}
              </button>
            </>
          ) : null}
        </div>
      )}
    </Dialog>
  );
}
