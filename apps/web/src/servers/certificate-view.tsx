import type { Certificate } from '@breakwater/contract';
import type { ReactNode } from 'react';
import { useWords } from '../i18n/use-words.ts';

/** Foreign dates may be of any form: what cannot be read is shown as it is. */
export function CertificateView({ certificate }: { readonly certificate: Certificate }): ReactNode {
  const { t, format } = useWords();
  const toDate = (text: string): string => (Number.isNaN(Date.parse(text)) ? text : format.dateTime(text));
  return (
    <dl className="facts certificate">
      <div className="fact">
        <dt>{t('certificate.sha256')}</dt>
        <dd>
          <code className="fingerprint">{certificate.sha256}</code>
        </dd>
      </div>
      <div className="fact">
        <dt>{t('certificate.sha1')}</dt>
        <dd>
          <code className="fingerprint">{certificate.sha1}</code>
        </dd>
      </div>
      <div className="fact">
        <dt>{t('certificate.subject')}</dt>
        <dd>{certificate.subject}</dd>
      </div>
      <div className="fact">
        <dt>{t('certificate.issuer')}</dt>
        <dd>{certificate.issuer}</dd>
      </div>
      <div className="fact">
        <dt>{t('certificate.valid')}</dt>
        <dd>{t('certificate.valid_range', { from: toDate(certificate.valid_from), to: toDate(certificate.valid_to) })}</dd>
      </div>
    </dl>
  );
}
