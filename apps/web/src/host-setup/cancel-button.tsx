import type { HostSetup } from '@breakwater/contract';
import { type ReactNode, useRef, useState } from 'react';
import { useWords } from '../i18n/use-words.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { cancelSetup } from './requests.ts';

/** Ends what goes on, in order. */
export function CancelButton({ setup }: { readonly setup: HostSetup }): ReactNode {
  const { t } = useWords();
  const button = useRef<HTMLButtonElement>(null);
  const [isAsking, setAsking] = useState(false);
  return (
    <>
      <button ref={button} type="button" className="button" onClick={() => setAsking(true)}>
        {t('host_cancel.cancel')}
      </button>
      {isAsking ? (
        <ConfirmDialog
          title={t('host_cancel.title', { name: setup.machine_name })}
          text={setup.state === 'planning' ? t('host_cancel.plan_text') : t('host_cancel.text')}
          action={t('host_cancel.cancel')}
          done={t('host_cancel.done')}
          act={async () => {
            await cancelSetup(setup.id);
          }}
          onClose={() => setAsking(false)}
          focusAfter={button}
        />
      ) : null}
    </>
  );
}
