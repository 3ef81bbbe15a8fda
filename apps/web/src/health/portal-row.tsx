import type { PortalHealth } from '@breakwater/contract';
import type { ReactNode } from 'react';
import { useWords } from '../i18n/use-words.ts';

export function PortalRow({ portal }: { readonly portal: PortalHealth }): ReactNode {
  const { t, format } = useWords();
  const facts = [
    ['loop_lag', format.span(portal.loop_lag_ms)],
    ['memory', format.bytes(portal.memory_bytes)],
    ['database', portal.database_bytes === null ? '–' : format.bytes(portal.database_bytes)],
    ['sse_clients', format.number(portal.sse_clients)],
    ['console_sessions', format.number(portal.console_sessions)],
  ] as const;
  return (
    <section className="panel" aria-labelledby="health-portal">
      <h2 id="health-portal">{t('health.portal')}</h2>
      <dl className="facts inline">
        {facts.map(([name, value]) => (
          <div key={name} className="fact">
            <dt>{t(`portal_health.${name}`)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
