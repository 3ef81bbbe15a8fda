import type { PowerState } from '@breakwater/contract';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, useEffect, useEffectEvent, useMemo, useRef, useState } from 'react';
import { useFeedStatus, useFleet, useMay, usePreferences, useServices } from '../app/services.ts';
import { useTitle } from '../app/use-title.ts';
import { useWords } from '../i18n/use-words.ts';
import { Icon } from '../ui/icon.tsx';
import { Message } from '../ui/message.tsx';
import { HealthStrip } from './health-strip.tsx';
import { MachineGrid } from './machine-grid.tsx';
import { MachineTable } from './machine-table.tsx';
import { MachineToolbar } from './machine-toolbar.tsx';
import { parseMachineQuery } from './search.ts';
import { useMachineList } from './use-machine-list.ts';

/** All machines of all servers. What is filtered and how it is sorted stands in the address, so that it can be shared. */
export function MachinesPage(): ReactNode {
  const { t, format } = useWords();
  const search = useSearch({ from: '/signed-in/home/' });
  const navigate = useNavigate({ from: '/' });
  const { view } = usePreferences();
  const { notices } = useServices();
  const status = useFeedStatus();
  const servers = useFleet('servers', (store) => store.servers());
  const mayAdminister = useMay('admin');
  const area = useRef<HTMLDivElement>(null);
  useTitle(t('machines.title'));

  const states = search.state;
  const stateKey = states.join();
  const filters = useMemo(
    () => ({
      query: parseMachineQuery(search.q),
      states: stateKey === '' ? [] : (stateKey.split(',') as PowerState[]),
      serverId: search.server === '' ? null : search.server,
      sort: search.sort,
    }),
    [search.q, stateKey, search.server, search.sort],
  );
  const { listing, applyOrder } = useMachineList(filters, {
    collator: format.collator,
    hold: () => area.current?.matches(':hover, :focus-within') ?? false,
  });

  const change = (part: Partial<typeof search>): void => {
    void navigate({ search: (old) => ({ ...old, ...part }), replace: true });
  };

  const shown = listing.items.length;
  const count =
    shown === listing.total
      ? t('machines.count', { count: shown, shown: format.number(shown) })
      : t('machines.count_filtered', { shown: format.number(shown), total: format.number(listing.total) });
  useSpokenCount(count, (text) => notices.announce(text));

  return (
    <>
      <h1 className="visually-hidden">{t('machines.title')}</h1>
      <HealthStrip />
      {servers.length === 0 && status.kind !== 'starting' ? (
        <Message
          icon="server"
          title={t('machines.empty_title')}
          action={
            mayAdminister ? (
              <Link to="/servers" search={{ add: 'yes' }} className="button primary">
                {t('machines.add_server')}
              </Link>
            ) : undefined
          }
        >
          <p>{mayAdminister ? t('machines.empty_text') : t('machines.empty_text_viewer')}</p>
        </Message>
      ) : (
        <>
          <MachineToolbar search={search} unknown={filters.query.unknown} count={count} onChange={change} />
          {listing.isOutdated ? (
            <p className="order-changed">
              <button type="button" className="button small" onClick={applyOrder}>
                {t('machines.order_changed')}
              </button>
            </p>
          ) : null}
          <div ref={area}>
            {status.kind === 'starting' && listing.total === 0 ? (
              <Skeleton />
            ) : shown > 0 ? (
              view === 'grid' ? (
                <MachineGrid items={listing.items} />
              ) : (
                <MachineTable items={listing.items} />
              )
            ) : listing.total === 0 ? (
              <Message icon="grid" title={t('machines.no_machines_title')}>
                <p>{t('machines.no_machines_text')}</p>
              </Message>
            ) : (
              <Message
                icon="search"
                title={t('machines.nothing_title')}
                action={
                  <button type="button" className="button" onClick={() => change({ q: '', state: [], server: '' })}>
                    {t('machines.reset_filters')}
                  </button>
                }
              >
                <p>{search.q === '' ? t('machines.nothing_filters') : t('machines.nothing_search', { text: search.q })}</p>
              </Message>
            )}
          </div>
        </>
      )}
    </>
  );
}

/** Tells how many are left, a moment after the last keystroke. */
function useSpokenCount(count: string, announce: (text: string) => void): void {
  const { clock } = useServices();
  const first = useRef(true);
  const say = useEffectEvent(announce);
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    const timer = clock.after(1_000, () => say(count));
    return () => timer.cancel();
  }, [count, clock]);
}

function Skeleton(): ReactNode {
  const { t } = useWords();
  const [cards] = useState(() => Array.from({ length: 12 }, (_, index) => index));
  return (
    <div className="skeleton-grid" role="status" aria-label={t('app.loading')}>
      {cards.map((card) => (
        <div key={card} className="card skeleton" aria-hidden="true">
          <div className="card-screen" />
          <div className="card-body">
            <Icon name="more" />
          </div>
        </div>
      ))}
    </div>
  );
}
