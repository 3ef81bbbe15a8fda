import { type ReactNode, useEffect, useEffectEvent } from 'react';
import { useFleet, useServices } from '../app/services.ts';
import { useWords } from '../i18n/use-words.ts';
import { Icon } from '../ui/icon.tsx';
import { isRunning } from './is-running.ts';
import { OperationOutcome, toOperationTitle } from './operation-line.tsx';

const DONE_SHOWN_MS = 6_000;

/** Progress of what was started here. Trouble stays until somebody closes it. */
export function OperationToasts({
  started,
  onDismiss,
}: {
  readonly started: readonly string[];
  readonly onDismiss: (id: string) => void;
}): ReactNode {
  const { clock, notices } = useServices();
  const { t } = useWords();
  const operations = useFleet('operations', (store) => store.operations()).filter((operation) => started.includes(operation.id));
  const ended = operations.filter((operation) => !isRunning(operation));
  const endedKey = ended.map((operation) => `${operation.id}:${operation.state}`).join();
  const speak = useEffectEvent(() => {
    const last = ended.at(0);
    if (last !== undefined) notices.announce(`${toOperationTitle(t, last)}: ${t(`operation_state.${last.state}`)}`);
  });
  const forgetLater = useEffectEvent(() =>
    ended
      .filter((operation) => operation.state === 'succeeded' || operation.state === 'canceled')
      .map((operation) => clock.after(DONE_SHOWN_MS, () => onDismiss(operation.id))),
  );
  useEffect(() => {
    if (endedKey === '') return;
    speak();
    const timers = forgetLater();
    return () => {
      for (const timer of timers) timer.cancel();
    };
  }, [endedKey]);

  return (
    <div className="toasts operations">
      {operations.map((operation) => (
        <div
          key={operation.id}
          className={`toast ${operation.state === 'failed' ? 'error' : operation.state === 'unknown' ? 'warn' : operation.state === 'succeeded' ? 'ok' : ''}`}
        >
          <div className="toast-text">
            <strong>{toOperationTitle(t, operation)}</strong>
            <OperationOutcome operation={operation} />
          </div>
          <button type="button" className="button icon-button quiet" aria-label={t('app.dismiss')} onClick={() => onDismiss(operation.id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
