import type { Server } from '@breakwater/contract';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ApiError } from '../api/api-error.ts';
import { readServerStats } from '../api/portal.ts';
import { describeError } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import { ErrorLine } from '../ui/message.tsx';
import { Meter } from '../ui/meter.tsx';

/** The portal reads these from memory and renews them itself about every half minute. */
const RENEW_MS = 30_000;

/** Datastores, hosts and the pinned certificate. */
export function ServerStatsView({ server }: { readonly server: Server }): ReactNode {
  const { t, format } = useWords();
  const stats = useQuery({
    queryKey: ['server-stats', server.id],
    queryFn: ({ signal }) => readServerStats(server.id, { signal }),
    refetchInterval: RENEW_MS,
  });
  const isUnknown = stats.error instanceof ApiError && stats.error.status === 404;
  return (
    <div className="server-more">
      {stats.isPending ? <p role="status">{t('app.loading')}</p> : null}
      {stats.error === null || isUnknown ? null : <ErrorLine>{describeError(t, stats.error)}</ErrorLine>}
      {isUnknown ? <p className="muted">{t('machines.no_value')}</p> : null}
      {stats.data === undefined || stats.data.datastores.length === 0 ? null : (
        <section>
          <h3>{t('servers.datastores')}</h3>
          <ul className="plain-list datastores">
            {stats.data.datastores.map((store) => (
              <li key={store.name}>
                <Meter
                  label={store.name}
                  percent={store.capacity > 0 ? (store.used / store.capacity) * 100 : null}
                  text={
                    store.accessible
                      ? t('servers.datastore_free', { free: format.bytes(store.free), total: format.bytes(store.capacity) })
                      : t('servers.datastore_gone')
                  }
                />
              </li>
            ))}
          </ul>
        </section>
      )}
      {stats.data === undefined || stats.data.hosts.length === 0 ? null : (
        <section>
          <h3>{t('servers.hosts')}</h3>
          <ul className="plain-list">
            {stats.data.hosts.map((host) => (
              <li key={host.name}>
                {host.name}
                <span className="muted">
                  {' '}
                  · {host.connection_state}
                  {host.in_maintenance_mode ? ` · ${t('servers.maintenance')}` : ''}
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {server.pinned_sha256 === null ? null : (
        <section>
          <h3>{t('certificate.sha256')}</h3>
          <code className="fingerprint">{server.pinned_sha256}</code>
        </section>
      )}
    </div>
  );
}
