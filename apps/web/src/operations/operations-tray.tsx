import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useFleet } from '../app/services.ts';
import { useNow } from '../app/use-now.ts';
import { useWords } from '../i18n/use-words.ts';
import { Icon } from '../ui/icon.tsx';
import { PopoverButton } from '../ui/popover-button.tsx';
import { isRunning } from './is-running.ts';
import { OperationOutcome, toOperationTitle } from './operation-line.tsx';

const SHOWN = 6;

/** What happens now and what has just happened, one click away on every page. */
export function OperationsTray(): ReactNode {
  const { t } = useWords();
  const operations = useFleet('operations', (store) => store.operations());
  const running = operations.filter(isRunning).length;
  const label = running === 0 ? t('operation.recent') : `${t('operation.recent')}, ${t('operation.running', { count: running })}`;
  return (
    <PopoverButton
      label={label}
      title={t('operation.recent')}
      content={(close) => (
        <>
          <h2>{t('operation.recent')}</h2>
          <TrayList />
          <p>
            <Link to="/operations" onClick={close}>
              {t('operation.all')}
            </Link>
          </p>
        </>
      )}
    >
      <Icon name="clock" />
      {running === 0 ? null : <span className="count">{running}</span>}
    </PopoverButton>
  );
}

function TrayList(): ReactNode {
  const { t, format } = useWords();
  const now = useNow(10_000);
  const operations = useFleet('operations', (store) => store.operations()).slice(0, SHOWN);
  if (operations.length === 0) return <p className="muted">{t('operation.empty')}</p>;
  return (
    <ul className="plain-list">
      {operations.map((operation) => (
        <li key={operation.id} className="tray-item">
          <strong>{toOperationTitle(t, operation)}</strong>
          <OperationOutcome operation={operation} />
          <span className="muted small-text">
            {t('operation.by', { actor: operation.actor })} · {format.ago(now - Date.parse(operation.created_at))}
          </span>
        </li>
      ))}
    </ul>
  );
}
