import { type ReactNode, useEffect, useState } from 'react';
import { useMay, useServices } from '../app/services.ts';
import { useNow } from '../app/use-now.ts';
import { describeError } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import { usePower } from '../operations/power-context.ts';
import type { ConsoleHandle } from './use-console.ts';

/** A connection that takes less than this shows nothing. */
const PATIENCE_MS = 400;

/** What stands before the screen while there is none, or none any more. */
export function ConsoleCurtain({ handle, machineKey }: { readonly handle: ConsoleHandle; readonly machineKey: string }): ReactNode {
  const { state, restart } = handle;
  const { t } = useWords();
  const power = usePower();
  const mayOperate = useMay('operator');
  switch (state.kind) {
    case 'connected':
      return null;
    case 'opening':
      return <Opening />;
    case 'waiting':
      return (
        <div className="console-curtain">
          <Countdown retryAtMs={state.retryAtMs} />
          <div className="button-row">
            <button type="button" className="button primary" onClick={restart}>
              {t('console.retry_now')}
            </button>
            <button type="button" className="button" onClick={() => handle.end('closed')}>
              {t('app.cancel')}
            </button>
          </div>
        </div>
      );
    case 'refused':
      return (
        <div className="console-curtain" role="alert">
          <p className="curtain-title">{t('console.refused')}</p>
          <p>{describeError(t, state.error)}</p>
          <button type="button" className="button" onClick={restart}>
            {t('app.try_again')}
          </button>
        </div>
      );
    case 'ended':
      return (
        <div className="console-curtain" role="status">
          <p className="curtain-title">
            {state.reason === 'off' ? t('console.off') : state.reason === 'given-up' ? t('console.given_up') : t('console.ended')}
          </p>
          {state.reason === 'off' && mayOperate ? (
            <button type="button" className="button primary" onClick={() => power.request(machineKey, 'power_on')}>
              {t('console.power_on')}
            </button>
          ) : (
            <button type="button" className="button" onClick={restart}>
              {t('console.reconnect')}
            </button>
          )}
        </div>
      );
  }
}

function Opening(): ReactNode {
  const { clock } = useServices();
  const { t } = useWords();
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    const timer = clock.after(PATIENCE_MS, () => setLong(true));
    return () => timer.cancel();
  }, [clock]);
  return (
    <div className={isLong ? 'console-curtain' : 'console-curtain quiet'} role="status">
      <p className="curtain-title">{t('console.connecting')}</p>
    </div>
  );
}

function Countdown({ retryAtMs }: { readonly retryAtMs: number }): ReactNode {
  const { t, format } = useWords();
  const now = useNow(250);
  const seconds = format.number(Math.max(0, Math.ceil((retryAtMs - now) / 1_000)));
  return (
    <>
      <p className="visually-hidden" role="status">
        {t('console.lost')}
      </p>
      <p className="curtain-title" aria-hidden="true">
        {t('console.lost_retry', { seconds })}
      </p>
    </>
  );
}
