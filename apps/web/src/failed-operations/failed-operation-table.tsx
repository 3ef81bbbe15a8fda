import type { DeadLetterView } from '@breakwater/contract';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useFleet } from '../app/services.ts';
import { describeCode } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import { toTitle } from './to-title.ts';

type Act = ((letter: DeadLetterView) => void) | null;

/** Without `onRetry` and `onDiscard` it can only be read. */
export function FailedOperationTable(props: {
  readonly letters: readonly DeadLetterView[];
  readonly onRetry: Act;
  readonly onDiscard: Act;
}): ReactNode {
  const { t } = useWords();
  return (
    <table className="table stacking" aria-label={t('failed.title')}>
      <thead>
        <tr>
          <th scope="col">{t('operation.what')}</th>
          <th scope="col">{t('machines.server')}</th>
          <th scope="col">{t('failed.when')}</th>
          <th scope="col">{t('failed.why')}</th>
          <th scope="col">{t('operation.who')}</th>
          <th scope="col">{t('machines.actions')}</th>
        </tr>
      </thead>
      <tbody>
        {props.letters.map((letter) => (
          <FailedOperationRow key={letter.id} letter={letter} onRetry={props.onRetry} onDiscard={props.onDiscard} />
        ))}
      </tbody>
    </table>
  );
}

function FailedOperationRow({
  letter,
  onRetry,
  onDiscard,
}: {
  readonly letter: DeadLetterView;
  readonly onRetry: Act;
  readonly onDiscard: Act;
}): ReactNode {
  const { t, format } = useWords();
  const serverName = useFleet(`server:${letter.server_id}`, (store) => store.server(letter.server_id)?.name ?? letter.server_id);
  const title = toTitle(t, letter);
  return (
    <tr>
      <td data-label={t('operation.what')}>
        <Link to="/machines/$serverId/$moid" params={{ serverId: letter.server_id, moid: letter.moid }}>
          {title}
        </Link>
      </td>
      <td data-label={t('machines.server')}>{serverName}</td>
      <td data-label={t('failed.when')}>
        <time dateTime={letter.failed_at}>{format.dateTime(letter.failed_at)}</time>
      </td>
      <td data-label={t('failed.why')}>
        <div className={`outcome operation-${letter.outcome}`}>
          <span className="outcome-word">
            {t(`operation_state.${letter.outcome}`)} · {t('failed.attempts', { count: letter.attempts })}
          </span>
          <span className="outcome-why">{describeCode(t, { code: letter.error_code, fallback: letter.error })}</span>
        </div>
      </td>
      <td data-label={t('operation.who')}>{letter.actor}</td>
      <td data-label={t('machines.actions')}>
        {onRetry === null || onDiscard === null ? (
          <span className="muted">{t('failed.viewer')}</span>
        ) : (
          <div className="button-row">
            <button
              type="button"
              className="button small"
              aria-label={t('failed.retry_of', { what: title })}
              onClick={() => onRetry(letter)}
            >
              {t('failed.retry')}
            </button>
            <button
              type="button"
              className="button small"
              aria-label={t('failed.discard_of', { what: title })}
              onClick={() => onDiscard(letter)}
            >
              {t('failed.discard')}
            </button>
          </div>
        )}
      </td>
    </tr>
  );
}
