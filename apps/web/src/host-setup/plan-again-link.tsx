import type { HostSetup } from '@breakwater/contract';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useWords } from '../i18n/use-words.ts';

/** Back to the wishes of this set-up, to change them and plan anew. */
export function PlanAgainLink(props: { readonly setup: HostSetup; readonly words: 'again' | 'change' }): ReactNode {
  const { t } = useWords();
  const { id, moid, server_id: serverId } = props.setup;
  return (
    <Link to="/machines/$serverId/$moid/setup" params={{ serverId, moid }} search={{ from: id }} className="button">
      {props.words === 'again' ? t('host_setup.plan_again') : t('host_setup.change_wishes')}
    </Link>
  );
}
