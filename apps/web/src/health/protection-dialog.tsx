import type { Resilience, ServerResilience } from '@breakwater/contract';
import { type ReactNode, useState } from 'react';
import { useServices } from '../app/services.ts';
import { useDeed } from '../app/use-deed.ts';
import { describeError } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Field } from '../ui/field.tsx';
import { ErrorLine } from '../ui/message.tsx';
import { HoldField, USUAL_MINUTES } from './hold-field.tsx';
import { LimitsForm } from './limits-form.tsx';
import { pausePolling, resetBreaker, resumePolling, revertLimits, tripBreaker } from './requests.ts';

export type ProtectionAct = 'isolate' | 'trip' | 'reset' | 'pause' | 'resume' | 'limits' | 'revert';

export interface Opened {
  readonly act: ProtectionAct;
  readonly server: ServerResilience;
}

/** Says what an act on a server's protection will do and for how long, and does it only then. */
export function ProtectionDialog(props: {
  readonly opened: Opened;
  readonly settings: Pick<Resilience, 'presets' | 'limit_ranges'>;
  readonly onClose: () => void;
}): ReactNode {
  const { act, server } = props.opened;
  const { t } = useWords();
  const { notices, store } = useServices();
  const { name } = server;
  const done = (row: ServerResilience): void => {
    store.putResilience(row);
    notices.show({ kind: 'ok', text: t(`protect_done.${act}`, { name }) });
    props.onClose();
  };
  return (
    <Dialog
      role="alertdialog"
      title={t(`protect_title.${act}`, { name })}
      size={act === 'limits' ? 'wide' : 'normal'}
      onClose={props.onClose}
    >
      <p>{t(`protect_text.${act}`)}</p>
      {act === 'limits' ? (
        <LimitsForm server={server} settings={props.settings} onDone={done} onCancel={props.onClose} />
      ) : (
        <Confirmation act={act} server={server} onDone={done} onCancel={props.onClose} />
      )}
    </Dialog>
  );
}

/** Those that end by themselves ask for how long; those that others will wonder about ask why. */
const ASKS = {
  isolate: ['minutes', 'reason'],
  trip: ['reason'],
  reset: [],
  pause: ['minutes'],
  resume: [],
  revert: [],
} as const satisfies Record<Exclude<ProtectionAct, 'limits'>, readonly ('minutes' | 'reason')[]>;

function Confirmation(props: {
  readonly act: Exclude<ProtectionAct, 'limits'>;
  readonly server: ServerResilience;
  readonly onDone: (row: ServerResilience) => void;
  readonly onCancel: () => void;
}): ReactNode {
  const { act, server } = props;
  const { t } = useWords();
  const [minutes, setMinutes] = useState<number | null>(USUAL_MINUTES);
  const [reason, setReason] = useState('');
  const { failure, isBusy, run } = useDeed();
  const asks: readonly string[] = ASKS[act];
  const send = (): Promise<ServerResilience> => {
    switch (act) {
      case 'isolate':
      case 'trip':
        return tripBreaker(server.id, { mode: act, minutes, reason: reason.trim() });
      case 'reset':
        return resetBreaker(server.id);
      case 'pause':
        return pausePolling(server.id, minutes);
      case 'resume':
        return resumePolling(server.id);
      case 'revert':
        return revertLimits(server.id);
    }
  };
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        void run(async () => props.onDone(await send()));
      }}
    >
      {asks.includes('minutes') ? <HoldField minutes={minutes} onChoose={setMinutes} /> : null}
      {asks.includes('reason') ? (
        <Field
          label={t('hold.reason')}
          hint={t('hold.reason_hint')}
          value={reason}
          maxLength={120}
          onChange={(event) => setReason(event.target.value)}
        />
      ) : null}
      {failure === null ? null : <ErrorLine>{describeError(t, failure)}</ErrorLine>}
      <div className="dialog-actions">
        {/* biome-ignore lint/a11y/noAutofocus: the harmless answer has the focus when a dialog opens. */}
        <button type="button" className="button" onClick={props.onCancel} autoFocus>
          {t('app.cancel')}
        </button>
        <button type="submit" className={`button ${act === 'resume' || act === 'revert' ? 'primary' : 'danger'}`} disabled={isBusy}>
          {t(`protect_do.${act}`)}
        </button>
      </div>
    </form>
  );
}
