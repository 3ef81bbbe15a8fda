import type { Machine } from '@breakwater/contract';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { MachineId } from '../api/portal.ts';
import { useFleet, useMay } from '../app/services.ts';
import { useTitle } from '../app/use-title.ts';
import { useWords } from '../i18n/use-words.ts';
import { toKey } from '../live/fleet-store.ts';
import { NoMachine } from '../machine/no-machine.tsx';
import { Icon } from '../ui/icon.tsx';
import { Message } from '../ui/message.tsx';
import './host-setup.css';

/** Head of the pages on which a machine is set up; without the right to do so, or without the machine, it says so instead. */
export function MachineFrame(props: { readonly id: MachineId; readonly children: (machine: Machine) => ReactNode }): ReactNode {
  const key = toKey(props.id);
  const machine = useFleet(`machine:${key}`, (store) => store.machine(key));
  const mayOperate = useMay('operator');
  const { t } = useWords();
  useTitle(machine === undefined ? t('host_setup.title') : t('host_setup.title_of', { name: machine.name }));
  if (!mayOperate) {
    return (
      <Message icon="account" heading="h1" title={t('host_setup.operators_only')} action={<BackToMachine id={props.id} look="button" />}>
        <p>{t('error.PORTAL_FORBIDDEN')}</p>
      </Message>
    );
  }
  if (machine === undefined) return <NoMachine />;
  return (
    <article className="setup-page">
      <div>
        <BackToMachine id={props.id} look="link" />
        <h1>{t('host_setup.title_of', { name: machine.name })}</h1>
      </div>
      {props.children(machine)}
    </article>
  );
}

function BackToMachine({ id, look }: { readonly id: MachineId; readonly look: 'link' | 'button' }): ReactNode {
  const { t } = useWords();
  return (
    <Link
      to="/machines/$serverId/$moid"
      params={{ serverId: id.server_id, moid: id.moid }}
      className={look === 'link' ? 'back-link' : 'button primary'}
    >
      {look === 'link' ? <Icon name="back" /> : null}
      {t('host_setup.back')}
    </Link>
  );
}
