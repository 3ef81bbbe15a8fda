// biome-ignore-all lint/a11y/noNoninteractiveElementToInteractiveRole: arrow keys move between rows, which is what `grid` tells.
// biome-ignore-all lint/a11y/noInteractiveElementToNoninteractiveRole: spacers stand for rows that are not drawn.
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { memo, type ReactNode, useLayoutEffect, useRef, useState } from 'react';
import { useFleet } from '../app/services.ts';
import { useNow } from '../app/use-now.ts';
import { useWords } from '../i18n/use-words.ts';
import { Icon } from '../ui/icon.tsx';
import { Meter } from '../ui/meter.tsx';
import { PowerShape } from '../ui/state-shape.tsx';
import { isStale } from './freshness.ts';
import { CardScreen, MiddleEllipsis, toConsoleHref, toMachineHref } from './machine-card.tsx';
import { toDiskPercent } from './sort.ts';
import { useMachineActions } from './use-machine-actions.ts';
import type { MachineListing } from './use-machine-list.ts';
import { useVisibleReport } from './use-visible-report.ts';

const ROW_PX = 61;
const STICKY_PX = 130;

/** The list view: a real table, of which only the rows near the page's window exist. */
export function MachineTable({ items }: { readonly items: MachineListing['items'] }): ReactNode {
  const { t } = useWords();
  const now = useNow(30_000);
  const box = useRef<HTMLTableElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const measure = (): void => setTop((box.current?.getBoundingClientRect().top ?? 0) + window.scrollY);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, []);
  const rows = useWindowVirtualizer({
    count: items.length,
    estimateSize: () => ROW_PX,
    overscan: 8,
    scrollMargin: top,
    scrollPaddingStart: STICKY_PX,
    scrollPaddingEnd: 24,
  });
  const drawn = rows.getVirtualItems();
  useVisibleReport(drawn.flatMap((row) => items[row.index]?.key ?? []));
  const actions = useMachineActions({
    keys: items.map((item) => item.key),
    columns: 1,
    rowsPerPage: () => Math.max(1, Math.floor(window.innerHeight / ROW_PX)),
    scrollToRow: (row) => rows.scrollToIndex(row, { align: 'auto' }),
  });
  const before = (drawn[0]?.start ?? top) - top;
  const after = rows.getTotalSize() - ((drawn.at(-1)?.end ?? top) - top);

  return (
    <table
      ref={box}
      role="grid"
      className="machine-table"
      aria-label={t('machines.grid')}
      aria-rowcount={items.length + 1}
      onKeyDown={actions.onKeyDown}
      onClick={actions.onClick}
      onFocus={actions.onFocus}
    >
      <thead>
        <tr aria-rowindex={1}>
          <th scope="col">{t('machines.name')}</th>
          <th scope="col">{t('machines.state')}</th>
          <th scope="col">{t('machines.server')}</th>
          <th scope="col" className="wide-only">
            {t('machines.ip')}
          </th>
          <th scope="col" className="wide-only">
            {t('machines.os')}
          </th>
          <th scope="col">{t('machines.cpu')}</th>
          <th scope="col">{t('machines.memory')}</th>
          <th scope="col">{t('machines.disk')}</th>
          <th scope="col">{t('machines.actions')}</th>
        </tr>
      </thead>
      <tbody>
        {before > 0 ? <Spacer height={before} /> : null}
        {drawn.map((row) => {
          const item = items[row.index];
          return item === undefined ? null : (
            <MachineRow
              key={item.key}
              cellKey={item.key}
              serverId={item.serverId}
              rowIndex={row.index + 2}
              isActive={item.key === actions.activeKey}
              now={now}
            />
          );
        })}
        {after > 0 ? <Spacer height={after} /> : null}
      </tbody>
    </table>
  );
}

function Spacer({ height }: { readonly height: number }): ReactNode {
  return (
    <tr role="presentation" className="spacer">
      <td role="presentation" colSpan={9} style={{ height }} />
    </tr>
  );
}

interface MachineRowProps {
  readonly cellKey: string;
  readonly serverId: string;
  readonly rowIndex: number;
  readonly isActive: boolean;
  readonly now: number;
}

const MachineRow = memo(function MachineRow({ cellKey, serverId, rowIndex, isActive, now }: MachineRowProps): ReactNode {
  const machine = useFleet(`machine:${cellKey}`, (store) => store.machine(cellKey));
  const server = useFleet(`server:${serverId}`, (store) => store.server(serverId));
  const { t, format } = useWords();
  if (machine === undefined) return null;
  const tabIndex = isActive ? 0 : -1;
  const toText = (percent: number | null): string => (percent === null ? '–' : format.percent(percent));
  const disk = toDiskPercent(machine);
  return (
    <tr aria-rowindex={rowIndex} data-key={cellKey} data-power={machine.power_state} data-stale={isStale(server) ? 'yes' : 'no'}>
      <td>
        <div className="row-name">
          <CardScreen machine={machine} server={server} now={now} />
          <a className="card-name" href={toMachineHref(machine)} data-action="open" tabIndex={tabIndex} title={machine.name}>
            <MiddleEllipsis text={machine.name} />
          </a>
        </div>
      </td>
      <td>
        <span className={`word power-${machine.power_state}`}>
          <PowerShape state={machine.power_state} />
          {t(`power.${machine.power_state}`)}
        </span>
        {isStale(server) ? <div className="muted small-text">{t('machines.stale')}</div> : null}
      </td>
      <td>{server?.name}</td>
      <td className="wide-only">{machine.guest_ip ?? '–'}</td>
      <td className="wide-only">{machine.guest_os ?? '–'}</td>
      <td>
        <Meter label={t('machines.cpu')} percent={machine.cpu_percent} text={toText(machine.cpu_percent)} />
      </td>
      <td>
        <Meter label={t('machines.memory')} percent={machine.memory_percent} text={toText(machine.memory_percent)} />
      </td>
      <td>
        <Meter label={t('machines.disk')} percent={disk} text={toText(disk)} />
      </td>
      <td>
        <div className="card-actions">
          <a
            className="button icon-button"
            href={toConsoleHref(machine)}
            data-action="console"
            tabIndex={tabIndex}
            aria-label={t('machines.console_of', { name: machine.name })}
            title={t('machines.console')}
          >
            <Icon name="console" />
          </a>
          <button
            type="button"
            className="button icon-button"
            data-action="power"
            aria-haspopup="menu"
            tabIndex={tabIndex}
            aria-label={t('machines.power_of', { name: machine.name })}
            title={t('machines.power')}
          >
            <Icon name="power" />
          </button>
        </div>
      </td>
    </tr>
  );
});
