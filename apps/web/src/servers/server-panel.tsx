import type { Server } from '@breakwater/contract';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { retryServer, updateServer } from '../api/portal.ts';
import { useMay, useServices } from '../app/services.ts';
import { useNow } from '../app/use-now.ts';
import { describeCode, describeError } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import { isTroubled } from '../machines/freshness.ts';
import { Icon } from '../ui/icon.tsx';
import { ErrorLine } from '../ui/message.tsx';
import { Meter } from '../ui/meter.tsx';
import { ServerShape } from '../ui/state-shape.tsx';
import { ServerStatsView } from './server-stats-view.tsx';

export function ServerPanel(props: {
  readonly server: Server;
  readonly isTarget: boolean;
  readonly onOpen: (kind: 'edit' | 'remove' | 'test' | 'certificate') => void;
}): ReactNode {
  const { server } = props;
  const { t, format } = useWords();
  const now = useNow(5_000);
  const [isOpen, setOpen] = useState(props.isTarget);
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    if (props.isTarget) box.current?.scrollIntoView({ block: 'start' });
  }, [props.isTarget]);
  const problem = describeCode(t, { code: server.problem_code, fallback: server.problem });
  const retryInMs = server.retry_at === null ? null : Date.parse(server.retry_at) - now;
  const toText = (percent: number | null): string => (percent === null ? t('machines.no_value') : format.percent(percent));
  return (
    <article ref={box} className="panel server-panel" data-troubled={isTroubled(server) ? 'yes' : 'no'} aria-label={server.name}>
      <div className="server-head">
        <div>
          <h2>
            <ServerShape state={server.state} />
            {server.name}
          </h2>
          <p className="head-line">
            <span className={`word server-${server.state}`}>{t(`server_state.${server.state}`)}</span>
            <span className="muted">{server.product ?? server.host}</span>
          </p>
        </div>
        <div className="meters">
          <Meter label={t('servers.cpu')} percent={server.cpu_percent} text={toText(server.cpu_percent)} />
          <Meter label={t('servers.memory')} percent={server.memory_percent} text={toText(server.memory_percent)} />
        </div>
      </div>
      {server.state === 'live' ? null : (
        <div className={`callout ${isTroubled(server) ? 'warn' : ''}`}>
          <div>
            <p>{t(`server_cause.${server.state}`, { delay: format.duration(Math.max(1_000, server.delay_ms)) })}</p>
            {problem === '' ? null : (
              <p className="muted">
                {t('strip.last_error')}: {problem}
              </p>
            )}
            {retryInMs === null || retryInMs <= 0 ? null : (
              <p className="muted">{t('strip.retry_in', { time: format.duration(retryInMs) })}</p>
            )}
          </div>
        </div>
      )}
      <dl className="facts inline">
        <div className="fact">
          <dt>{t('servers.address')}</dt>
          <dd>{server.port === 443 ? server.host : `${server.host}:${server.port}`}</dd>
        </div>
        <div className="fact">
          <dt>{t('servers.account')}</dt>
          <dd>{server.user}</dd>
        </div>
        <div className="fact">
          <dt>{t('servers.machines')}</dt>
          <dd>{t('strip.machines_on', { on: format.number(server.vm_on_count), total: format.number(server.vm_count) })}</dd>
        </div>
        <div className="fact">
          <dt>{t('strip.data_from')}</dt>
          <dd>{server.data_at === null ? t('strip.never') : format.ago(now - Date.parse(server.data_at))}</dd>
        </div>
        <div className="fact">
          <dt>{t('servers.pace')}</dt>
          <dd>{server.delay_ms < 1_000 ? t('servers.pace_free') : t('servers.pace_value', { delay: format.duration(server.delay_ms) })}</dd>
        </div>
      </dl>
      <ServerActions server={server} isOpen={isOpen} onToggle={() => setOpen(!isOpen)} onOpen={props.onOpen} />
      {isOpen ? <ServerStatsView server={server} /> : null}
    </article>
  );
}

function ServerActions(props: {
  readonly server: Server;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
  readonly onOpen: (kind: 'edit' | 'remove' | 'test' | 'certificate') => void;
}): ReactNode {
  const { server, onOpen } = props;
  const { t } = useWords();
  const { store } = useServices();
  const mayOperate = useMay('operator');
  const mayAdminister = useMay('admin');
  const [failure, setFailure] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const act = async (deed: () => Promise<Server>): Promise<void> => {
    setBusy(true);
    setFailure(null);
    try {
      store.apply('server.changed', [await deed()]);
    } catch (error) {
      setFailure(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      {failure === null ? null : <ErrorLine>{describeError(t, failure)}</ErrorLine>}
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out in one line. */}
      <div className="button-row" role="group" aria-label={t('servers.actions_of', { name: server.name })}>
        {mayAdminister && server.offered_certificate !== null ? (
          <button type="button" className="button primary" onClick={() => onOpen('certificate')}>
            {t('strip.review')}
          </button>
        ) : null}
        {mayOperate && server.enabled && !server.paused && server.state !== 'live' ? (
          <button type="button" className="button" disabled={isBusy} onClick={() => void act(() => retryServer(server.id))}>
            {t('strip.retry_now')}
          </button>
        ) : null}
        {mayAdminister ? (
          <>
            {server.enabled ? (
              <button
                type="button"
                className="button"
                disabled={isBusy}
                onClick={() => void act(() => updateServer(server.id, { paused: !server.paused }))}
              >
                {server.paused ? t('strip.unpause') : t('strip.pause')}
              </button>
            ) : null}
            <button
              type="button"
              className="button"
              aria-label={t('servers.test_of', { name: server.name })}
              onClick={() => onOpen('test')}
            >
              {t('servers.test')}
            </button>
            <button
              type="button"
              className="button"
              aria-label={t('servers.edit_of', { name: server.name })}
              onClick={() => onOpen('edit')}
            >
              {t('servers.edit')}
            </button>
            <button
              type="button"
              className="button"
              aria-label={t('servers.remove_of', { name: server.name })}
              onClick={() => onOpen('remove')}
            >
              {t('servers.remove')}
            </button>
          </>
        ) : null}
        <button
          type="button"
          className="button quiet"
          aria-expanded={props.isOpen}
          aria-label={t('servers.show_more', { name: server.name })}
          onClick={props.onToggle}
        >
          {t('strip.details')}
          <Icon name="down" />
        </button>
      </div>
    </>
  );
}
