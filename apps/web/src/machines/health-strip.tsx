import type { Server } from '@breakwater/contract';
import { type ReactNode, Suspense, useEffect, useRef, useState } from 'react';
import { useFeedStatus, useFleet, useServices } from '../app/services.ts';
import { useNow } from '../app/use-now.ts';
import { useWords } from '../i18n/use-words.ts';
import { LazyPopoverPanel } from '../ui/lazy-overlays.ts';
import { ServerShape } from '../ui/state-shape.tsx';
import { isTroubled } from './freshness.ts';
import { ServerCause } from './server-cause.tsx';

/** More servers than this are shown as counts, except those in trouble. */
const CHIPS_MAX = 8;
/** Age of data is worth a word from here on. */
const OLD_MS = 90_000;

export function HealthStrip(): ReactNode {
  const servers = useFleet('servers', (store) => store.servers());
  const { t, format } = useWords();
  const [opened, setOpened] = useState<string | null>(null);
  const [showsAll, setShowsAll] = useState(false);
  const trigger = useRef<HTMLElement | null>(null);
  // Cut off from the portal, nobody knows how the servers are: the banner tells since when, and the strip claims nothing.
  const isCutOff = useFeedStatus().kind === 'lost';
  useStateAnnouncements(servers);
  if (servers.length === 0) return null;
  const sorted = servers.toSorted(
    (left, right) => Number(isTroubled(right)) - Number(isTroubled(left)) || format.collator.compare(left.name, right.name),
  );
  const isCrowded = sorted.length > CHIPS_MAX;
  const chips = isCrowded && !showsAll ? sorted.filter(isTroubled) : sorted;
  const collapsed = isCrowded && !showsAll ? countByState(sorted.filter((server) => !isTroubled(server))) : [];
  const troubled = sorted.filter(isTroubled).length;
  return (
    <section className="health-strip" aria-label={t('strip.label')} data-outdated={isCutOff ? 'yes' : 'no'}>
      {isCutOff ? null : (
        <p className="strip-summary">
          {troubled === 0 ? t('strip.all_well') : t('strip.trouble', { count: troubled, total: servers.length })}
        </p>
      )}
      <ul className="chips">
        {chips.map((server) => (
          <li key={server.id}>
            <ServerChip
              server={server}
              isOpen={opened === server.id}
              onOpen={(element) => {
                trigger.current = element;
                setOpened(server.id);
              }}
            />
          </li>
        ))}
        {collapsed.map(([state, count]) => (
          <li key={state} className="chip plain">
            <ServerShape state={state} />
            {t('strip.collapsed', { count, state: t(`server_state.${state}`) })}
          </li>
        ))}
        {isCrowded ? (
          <li>
            <button type="button" className="button quiet small" aria-expanded={showsAll} onClick={() => setShowsAll(!showsAll)}>
              {showsAll ? t('strip.show_troubled') : t('strip.show_all')}
            </button>
          </li>
        ) : null}
      </ul>
      {opened === null ? null : (
        <Suspense fallback={null}>
          <LazyPopoverPanel
            trigger={trigger}
            label={servers.find((server) => server.id === opened)?.name ?? t('strip.label')}
            placement="bottom start"
            onClose={() => setOpened(null)}
          >
            <ServerCause serverId={opened} onLeave={() => setOpened(null)} />
          </LazyPopoverPanel>
        </Suspense>
      )}
    </section>
  );
}

function ServerChip(props: {
  readonly server: Server;
  readonly isOpen: boolean;
  readonly onOpen: (element: HTMLElement) => void;
}): ReactNode {
  const { server } = props;
  const { t, format } = useWords();
  const now = useNow(5_000);
  const retryInMs = server.retry_at === null ? null : Date.parse(server.retry_at) - now;
  const ageMs = server.data_at === null ? null : now - Date.parse(server.data_at);
  const extra =
    retryInMs !== null && retryInMs > 0 && isTroubled(server)
      ? t('strip.retry_in', { time: format.duration(retryInMs) })
      : ageMs !== null && ageMs > OLD_MS
        ? t('strip.age', { age: format.duration(ageMs) })
        : null;
  return (
    <button
      type="button"
      className="chip"
      data-troubled={isTroubled(server) ? 'yes' : 'no'}
      aria-haspopup="dialog"
      aria-expanded={props.isOpen}
      onClick={(event) => props.onOpen(event.currentTarget)}
    >
      <ServerShape state={server.state} />
      <span className="chip-name">{server.name}</span>
      <span className={`chip-state server-${server.state}`}>{t(`server_state.${server.state}`)}</span>
      <span className="chip-count muted">
        {t('strip.machines_on', { on: format.number(server.vm_on_count), total: format.number(server.vm_count) })}
      </span>
      <span className="chip-bars">
        <ChipBar label={t('machines.cpu')} percent={server.cpu_percent} />
        <ChipBar label={t('machines.memory')} percent={server.memory_percent} />
      </span>
      {extra === null ? null : <span className="chip-extra">{extra}</span>}
    </button>
  );
}

function ChipBar({ label, percent }: { readonly label: string; readonly percent: number | null }): ReactNode {
  const { format } = useWords();
  if (percent === null) return null;
  return (
    <span className="chip-bar">
      <span className="visually-hidden">{`${label} ${format.percent(percent)}`}</span>
      <span className="meter-track" aria-hidden="true" title={`${label} ${format.percent(percent)}`}>
        <span className="meter-fill" style={{ transform: `scaleX(${Math.min(1, percent / 100)})` }} />
      </span>
    </span>
  );
}

function countByState(servers: readonly Server[]): readonly (readonly [Server['state'], number])[] {
  const counts = new Map<Server['state'], number>();
  for (const { state } of servers) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts];
}

/** Says once what has become of a server; merged with others by the notice board. */
function useStateAnnouncements(servers: readonly Server[]): void {
  const { notices } = useServices();
  const { t, format } = useWords();
  const known = useRef<ReadonlyMap<string, Server['state']> | null>(null);
  useEffect(() => {
    const before = known.current;
    known.current = new Map(servers.map((server) => [server.id, server.state]));
    for (const server of before === null ? [] : servers) {
      const old = before?.get(server.id);
      if (old === undefined || old === server.state || server.state === 'connecting') continue;
      const words = { name: server.name, state: t(`server_state.${server.state}`) };
      notices.announce(
        isTroubled(server) && server.data_at !== null
          ? t('strip.announce_data', { ...words, time: format.time(server.data_at) })
          : t('strip.announce', words),
      );
    }
  }, [servers, notices, t, format]);
}
