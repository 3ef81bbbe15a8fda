import type { Alert, ServerResilience } from '@breakwater/contract';
import type { ReactNode } from 'react';
import { useWords } from '../i18n/use-words.ts';
import { Icon } from '../ui/icon.tsx';

const RANKS = { alert: 0, warning: 1 } as const satisfies Record<Alert['severity'], number>;

/** What a person should look at, the pressing first, each with what to do. */
export function AlertList({ servers }: { readonly servers: readonly ServerResilience[] }): ReactNode {
  const { t } = useWords();
  const found = servers
    .flatMap((server) => server.alerts.map((alert) => ({ alert, server })))
    .toSorted((left, right) => RANKS[left.alert.severity] - RANKS[right.alert.severity]);
  if (found.length === 0) {
    return (
      <p className="calm" role="status">
        <Icon name="check" />
        {t('health.calm')}
      </p>
    );
  }
  return (
    <section aria-labelledby="health-attention">
      <h2 id="health-attention">{t('health.attention')}</h2>
      <ul className="plain-list alert-list">
        {found.map(({ alert, server }) => (
          <li key={`${server.id} ${alert.kind}`} className={`callout ${alert.severity === 'alert' ? 'error' : 'warn'}`}>
            <Icon name="alert" />
            <div>
              <p>
                <strong>
                  {t(`alert_severity.${alert.severity}`)} · {server.name}: {t(`alert.${alert.kind}`)}
                </strong>
              </p>
              <p>{t(`alert_todo.${alert.kind}`)}</p>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
