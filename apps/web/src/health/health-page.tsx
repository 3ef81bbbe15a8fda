import type { ServerResilience } from '@breakwater/contract';
import { type ReactNode, useState } from 'react';
import { useFeedStatus } from '../app/services.ts';
import { useTitle } from '../app/use-title.ts';
import { describeError } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import type { ResilienceFigures } from '../live/fleet-store.ts';
import { Icon } from '../ui/icon.tsx';
import { ErrorLine, Message } from '../ui/message.tsx';
import { AlertList } from './alert-list.tsx';
import { DiagnosisDialog } from './diagnosis-dialog.tsx';
import { HealthTable } from './health-table.tsx';
import { PortalRow } from './portal-row.tsx';
import { type Opened, ProtectionDialog } from './protection-dialog.tsx';
import { useResilience } from './use-resilience.ts';

export function HealthPage(): ReactNode {
  const { t } = useWords();
  const { figures, settings, failure } = useResilience();
  const [copied, setCopied] = useState<ResilienceFigures | null>(null);
  const [opened, setOpened] = useState<Opened | null>(null);
  useTitle(t('health.title'));
  return (
    <>
      <div className="page-head">
        <div>
          <h1>{t('health.title')}</h1>
          <p className="muted">{t('health.intro')}</p>
        </div>
        {figures === null ? null : (
          <button type="button" className="button" onClick={() => setCopied(figures)}>
            <Icon name="text" />
            {t('health.copy')}
          </button>
        )}
      </div>
      {failure === null ? null : <ErrorLine>{describeError(t, failure)}</ErrorLine>}
      {figures === null ? (
        failure === null ? (
          <p role="status">{t('app.loading')}</p>
        ) : null
      ) : (
        <Figures figures={figures} onOpen={setOpened} />
      )}
      {copied === null ? null : <DiagnosisDialog figures={copied} onClose={() => setCopied(null)} />}
      {opened === null || settings === null ? null : (
        <ProtectionDialog opened={opened} settings={settings} onClose={() => setOpened(null)} />
      )}
    </>
  );
}

function Figures(props: { readonly figures: ResilienceFigures; readonly onOpen: (opened: Opened) => void }): ReactNode {
  const { t, format } = useWords();
  const { at, portal, servers } = props.figures;
  const status = useFeedStatus();
  const rows = servers.toSorted((left, right) => format.collator.compare(left.name, right.name));
  const isStale = status.kind === 'lost' || status.kind === 'paused';
  return (
    <div className="health-page">
      {isStale ? <p className="callout warn">{t('health.stale', { time: format.time(at) })}</p> : null}
      {rows.length === 0 ? (
        <Message icon="server" title={t('health.empty_title')}>
          <p>{t('health.empty_text')}</p>
        </Message>
      ) : (
        <>
          <AlertList servers={rows} />
          <section aria-labelledby="health-servers">
            <h2 id="health-servers">{t('health.servers')}</h2>
            <HealthTable rows={rows} onOpen={(act, server: ServerResilience) => props.onOpen({ act, server })} />
          </section>
        </>
      )}
      <PortalRow portal={portal} />
    </div>
  );
}
