import type { ServerResilience } from '@breakwater/contract';
import { Fragment, type ReactNode, useState } from 'react';
import { useWords } from '../i18n/use-words.ts';
import { Icon } from '../ui/icon.tsx';
import { ServerShape } from '../ui/state-shape.tsx';
import { BreakerCell } from './breaker-cell.tsx';
import { COLUMNS, ColumnHelp } from './column-help.tsx';
import { ErrorsCell, PaceCell, PoolCell, RequestsCell, ScreensCell, WaitsCell } from './figure-cells.tsx';
import { HoldText } from './hold-text.tsx';
import type { ProtectionAct } from './protection-dialog.tsx';
import { ServerDetails } from './server-details.tsx';

export interface HealthTableProps {
  readonly rows: readonly ServerResilience[];
  readonly onOpen: (act: ProtectionAct, server: ServerResilience) => void;
}

export function HealthTable({ rows, onOpen }: HealthTableProps): ReactNode {
  const { t } = useWords();
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const toggle = (id: string): void => {
    const next = new Set(open);
    if (!next.delete(id)) next.add(id);
    setOpen(next);
  };
  return (
    <table className="table health-table">
      <thead>
        <tr>
          <th scope="col">{t('health_col.server')}</th>
          {COLUMNS.map((column) => (
            <th key={column} scope="col" aria-label={t(`health_col.${column}`)}>
              <ColumnHelp column={column} />
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((server) => (
          <Fragment key={server.id}>
            <ServerRow server={server} isOpen={open.has(server.id)} onToggle={() => toggle(server.id)} />
            {open.has(server.id) ? (
              <tr className="details-row">
                <td colSpan={COLUMNS.length + 1}>
                  <ServerDetails server={server} onOpen={(act) => onOpen(act, server)} />
                </td>
              </tr>
            ) : null}
          </Fragment>
        ))}
      </tbody>
    </table>
  );
}

function ServerRow(props: { readonly server: ServerResilience; readonly isOpen: boolean; readonly onToggle: () => void }): ReactNode {
  const { server } = props;
  const { t, format } = useWords();
  return (
    <tr>
      <th scope="row">
        <div className="cell-lines">
          <span className="server-name">
            <ServerShape state={server.state} />
            {server.name}
          </span>
          <span className={`small-text word server-${server.state}`}>{t(`server_state.${server.state}`)}</span>
          {server.data_at === null ? null : (
            <span className="muted small-text">{t('health.data_at', { time: format.time(server.data_at) })}</span>
          )}
          {server.polling_paused === null ? null : (
            <span className="small-text">
              {t('health.polling_paused')} <HoldText hand={server.polling_paused} />
            </span>
          )}
          {server.limits.hand === null ? null : (
            <span className="small-text">
              {t(`limit_origin.${server.limits.origin}`)} <HoldText hand={server.limits.hand} />
            </span>
          )}
          <button
            type="button"
            className="button small"
            aria-expanded={props.isOpen}
            aria-label={t('health.details_of', { name: server.name })}
            onClick={props.onToggle}
          >
            {t('health.details')}
            <Icon name="down" />
          </button>
        </div>
      </th>
      <td data-label={t('health_col.breaker')}>
        <BreakerCell server={server} />
      </td>
      <td data-label={t('health_col.requests')}>
        <RequestsCell server={server} />
      </td>
      <td data-label={t('health_col.waits')}>
        <WaitsCell server={server} />
      </td>
      <td data-label={t('health_col.pace')}>
        <PaceCell server={server} />
      </td>
      <td data-label={t('health_col.errors')}>
        <ErrorsCell server={server} />
      </td>
      <td data-label={t('health_col.pool')}>
        <PoolCell server={server} />
      </td>
      <td data-label={t('health_col.screens')}>
        <ScreensCell server={server} />
      </td>
    </tr>
  );
}
