import type { HostSetupState } from '@breakwater/contract';
import type { ReactNode } from 'react';
import { useWords } from '../i18n/use-words.ts';
import { Icon, type IconName } from '../ui/icon.tsx';

const LOOKS: Readonly<Record<HostSetupState, { readonly icon: IconName; readonly tone: 'info' | 'ok' | 'warn' | 'error' | 'off' }>> = {
  planning: { icon: 'clock', tone: 'info' },
  planned: { icon: 'list', tone: 'info' },
  plan_failed: { icon: 'close', tone: 'error' },
  applying: { icon: 'clock', tone: 'info' },
  succeeded: { icon: 'check', tone: 'ok' },
  degraded: { icon: 'alert', tone: 'warn' },
  failed: { icon: 'close', tone: 'error' },
  canceled: { icon: 'close', tone: 'off' },
  interrupted: { icon: 'alert', tone: 'warn' },
  rolling_back: { icon: 'clock', tone: 'info' },
  rolled_back: { icon: 'back', tone: 'off' },
};

/** State as icon, word and colour. */
export function SetupState({ state }: { readonly state: HostSetupState }): ReactNode {
  const { t } = useWords();
  const { icon, tone } = LOOKS[state];
  return (
    <span className={`word setup-${tone}`}>
      <Icon name={icon} />
      {t(`host_state.${state}`)}
    </span>
  );
}
