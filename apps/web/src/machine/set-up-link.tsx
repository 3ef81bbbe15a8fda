import type { Machine } from '@breakwater/contract';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useId } from 'react';
import { useMay } from '../app/services.ts';
import { useWords } from '../i18n/use-words.ts';
import { Icon } from '../ui/icon.tsx';

/** The way to setting this machine up. One that is off answers nobody, and that is said where the way is closed. */
export function SetUpLink({ machine }: { readonly machine: Machine }): ReactNode {
  const { t } = useWords();
  const mayOperate = useMay('operator');
  const id = useId();
  if (!mayOperate) return null;
  if (machine.power_state === 'poweredOff') {
    return (
      <>
        <button type="button" className="button" aria-disabled="true" aria-describedby={id}>
          <Icon name="tools" />
          {t('host_setup.open_form')}
        </button>
        <p id={id} className="muted small-text closed-way">
          {t('host_setup.off')}
        </p>
      </>
    );
  }
  return (
    <Link to="/machines/$serverId/$moid/setup" params={{ serverId: machine.server_id, moid: machine.moid }} className="button">
      <Icon name="tools" />
      {t('host_setup.open_form')}
    </Link>
  );
}
