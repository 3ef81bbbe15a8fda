import { Link } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { ApiError } from '../api/api-error.ts';
import { retryServer, updateServer } from '../api/portal.ts';
import { useFleet, useMay, useServices } from '../app/services.ts';
import { useNow } from '../app/use-now.ts';
import { describeCode, describeError } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import { ErrorLine } from '../ui/message.tsx';
import { ServerShape } from '../ui/state-shape.tsx';

/** Why a server is in its state, what happens next, and what a person can do about it. */
export function ServerCause({ serverId, onLeave }: { readonly serverId: string; readonly onLeave: () => void }): ReactNode {
  const server = useFleet(`server:${serverId}`, (store) => store.server(serverId));
  const { store } = useServices();
  const { t, format } = useWords();
  const now = useNow(1_000);
  const mayOperate = useMay('operator');
  const mayAdminister = useMay('admin');
  const [failure, setFailure] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  if (server === undefined) return <p>{t('error.FLEET_SERVER_UNKNOWN')}</p>;
  const problem = describeCode(t, { code: server.problem_code, fallback: server.problem });
  const retryInMs = server.retry_at === null ? null : Date.parse(server.retry_at) - now;
  const act = async (deed: () => Promise<unknown>): Promise<void> => {
    setBusy(true);
    setFailure(null);
    try {
      await deed();
    } catch (error) {
      setFailure(error instanceof ApiError ? error : new Error(String(error)));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="cause">
      <h2>
        <ServerShape state={server.state} /> {server.name}: {t(`server_state.${server.state}`)}
      </h2>
      <p>{t(`server_cause.${server.state}`, { delay: format.duration(Math.max(1_000, server.delay_ms)) })}</p>
      <dl className="facts compact">
        {problem === '' ? null : (
          <>
            <dt>{t('strip.last_error')}</dt>
            <dd>{problem}</dd>
          </>
        )}
        {server.state === 'live' || server.state === 'slow' ? null : (
          <>
            <dt>{t('strip.next_try')}</dt>
            <dd>{retryInMs === null ? t('strip.next_try_none') : retryInMs <= 0 ? t('strip.next_try_now') : format.duration(retryInMs)}</dd>
          </>
        )}
        <dt>{t('strip.data_from')}</dt>
        <dd>
          {server.data_at === null ? t('strip.never') : `${format.time(server.data_at)} (${format.ago(now - Date.parse(server.data_at))})`}
        </dd>
      </dl>
      {failure === null ? null : <ErrorLine>{describeError(t, failure)}</ErrorLine>}
      <div className="button-row">
        {mayOperate && server.enabled && !server.paused && server.state !== 'live' ? (
          <button type="button" className="button" disabled={isBusy} onClick={() => void act(() => retryServer(server.id))}>
            {t('strip.retry_now')}
          </button>
        ) : null}
        {mayAdminister && server.enabled ? (
          <button
            type="button"
            className="button"
            disabled={isBusy}
            onClick={() => void act(async () => store.apply('server.changed', [await updateServer(server.id, { paused: !server.paused })]))}
          >
            {server.paused ? t('strip.unpause') : t('strip.pause')}
          </button>
        ) : null}
        <Link to="/servers" hash={server.id} className="button" onClick={onLeave}>
          {server.offered_certificate === null || !mayAdminister ? t('strip.details') : t('strip.review')}
        </Link>
      </div>
    </div>
  );
}
