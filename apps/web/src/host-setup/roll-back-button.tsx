import type { HostSetup } from '@breakwater/contract';
import { type FormEvent, type ReactNode, useState } from 'react';
import { useDeed } from '../app/use-deed.ts';
import { useWords } from '../i18n/use-words.ts';
import { Dialog } from '../ui/dialog.tsx';
import { CheckField } from '../ui/field.tsx';
import { RequestFailure } from './failure-text.tsx';
import { rollBackSetup } from './requests.ts';

export function RollBackButton(props: { readonly setup: HostSetup; readonly onBegun: () => Promise<void> }): ReactNode {
  const { t } = useWords();
  const [isAsking, setAsking] = useState(false);
  return (
    <>
      <button type="button" className="button" onClick={() => setAsking(true)}>
        {t('host_rollback.open')}
      </button>
      {isAsking ? <RollBackDialog setup={props.setup} onBegun={props.onBegun} onClose={() => setAsking(false)} /> : null}
    </>
  );
}

/** Says what taking back means before it is done, and what happens to what others have changed since. */
function RollBackDialog(props: {
  readonly setup: HostSetup;
  readonly onBegun: () => Promise<void>;
  readonly onClose: () => void;
}): ReactNode {
  const { setup } = props;
  const { t } = useWords();
  const [overwrites, setOverwrites] = useState(false);
  const { failure, isBusy, run } = useDeed();
  const changed = setup.steps.filter((step) => step.result === 'changed' || step.result === 'degraded').length;
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const isDone = await run(async () => {
      await rollBackSetup(setup.id, { when_changed: overwrites ? 'overwrite' : 'refuse' });
      await props.onBegun();
    });
    if (isDone) props.onClose();
  };
  return (
    <Dialog role="alertdialog" size="wide" title={t('host_rollback.title', { name: setup.machine_name })} onClose={props.onClose}>
      <form className="form" onSubmit={(event) => void submit(event)}>
        <p>{t('host_rollback.text')}</p>
        <ul className="dialog-list">
          {changed === 0 ? null : <li>{t('host_rollback.order', { count: changed })}</li>}
          <li>{t('host_rollback.packages')}</li>
          <li>{t('host_rollback.kept')}</li>
        </ul>
        <CheckField
          label={t('host_rollback.overwrite')}
          hint={overwrites ? t('host_rollback.overwrite_on') : t('host_rollback.overwrite_off')}
          checked={overwrites}
          onChange={(event) => setOverwrites(event.target.checked)}
        />
        {failure === null ? null : <RequestFailure error={failure} />}
        <div className="dialog-actions">
          {/* biome-ignore lint/a11y/noAutofocus: the harmless answer has the focus when a dialog opens. */}
          <button type="button" className="button" onClick={props.onClose} autoFocus>
            {t('app.cancel')}
          </button>
          <button type="submit" className="button danger" disabled={isBusy}>
            {t('host_rollback.begin')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
