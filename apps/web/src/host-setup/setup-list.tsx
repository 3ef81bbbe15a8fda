import type { HostSetupRow, Machine } from '@breakwater/contract';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useWords } from '../i18n/use-words.ts';
import { QueryState } from '../ui/query-state.tsx';
import { SetupState } from './setup-state.tsx';
import { useSetups } from './use-setups.ts';

/** What was done to this machine before, newest first. */
export function SetupList(props: { readonly machine: Machine; readonly shownId: string | null }): ReactNode {
  const { t } = useWords();
  const setups = useSetups({ server_id: props.machine.server_id, moid: props.machine.moid });
  const others = setups.data?.filter((setup) => setup.id !== props.shownId);
  return (
    <section className="setup-list" aria-labelledby="setup-list">
      <h2 id="setup-list">{props.shownId === null ? t('host_setup.earlier') : t('host_setup.others')}</h2>
      <QueryState query={setups} />
      {others === undefined ? null : others.length === 0 ? (
        <p className="muted">{t('host_setup.no_earlier')}</p>
      ) : (
        <SetupTable setups={others} />
      )}
    </section>
  );
}

function SetupTable({ setups }: { readonly setups: readonly HostSetupRow[] }): ReactNode {
  const { t, format } = useWords();
  return (
    <table className="table stacking" aria-labelledby="setup-list">
      <thead>
        <tr>
          <th scope="col">{t('operation.when')}</th>
          <th scope="col">{t('host_setup.profile')}</th>
          <th scope="col">{t('host_setup.where')}</th>
          <th scope="col">{t('operation.who')}</th>
          <th scope="col">{t('operation.outcome')}</th>
        </tr>
      </thead>
      <tbody>
        {setups.map((setup) => (
          <tr key={setup.id}>
            <td data-label={t('operation.when')}>
              <Link
                to="/machines/$serverId/$moid/setup/$setupId"
                params={{ serverId: setup.server_id, moid: setup.moid, setupId: setup.id }}
              >
                <time dateTime={setup.created_at}>{format.dateTime(setup.created_at)}</time>
              </Link>
            </td>
            <td data-label={t('host_setup.profile')}>{setup.profile ?? t('host_setup.own_config')}</td>
            <td data-label={t('host_setup.where')}>
              {setup.user}@{setup.host}
            </td>
            <td data-label={t('operation.who')}>{setup.requested_by}</td>
            <td data-label={t('operation.outcome')}>
              <SetupState state={setup.state} />
              {setup.counts === null ? null : <div className="outcome-why">{t('host_plan.changes', { count: setup.counts.changes })}</div>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
