import type { Machine } from '@breakwater/contract';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { HOST_LOGINS_KEY, readHostLogins } from '../account/host-login-requests.ts';
import { useWords } from '../i18n/use-words.ts';
import { Message } from '../ui/message.tsx';
import { QueryState } from '../ui/query-state.tsx';
import { MachineFrame } from './machine-frame.tsx';
import { NoLogins } from './no-logins.tsx';
import { readProfiles, readSetup } from './requests.ts';
import { beginDraft, repeatDraft } from './setup-draft.ts';
import { SetupForm } from './setup-form.tsx';
import { SetupList } from './setup-list.tsx';
import { SETUPS_KEY } from './use-setups.ts';

/** Where the wishes for a set-up are written down, and where earlier ones are found. */
export function StartPage(): ReactNode {
  const { serverId, moid } = useParams({ from: '/signed-in/home/machines/$serverId/$moid/setup' });
  const id = { server_id: serverId, moid };
  return (
    <MachineFrame id={id}>
      {(machine) => (
        <>
          <Start machine={machine} />
          <SetupList machine={machine} shownId={null} />
        </>
      )}
    </MachineFrame>
  );
}

function Start({ machine }: { readonly machine: Machine }): ReactNode {
  const { t } = useWords();
  const navigate = useNavigate();
  const { from } = useSearch({ from: '/signed-in/home/machines/$serverId/$moid/setup' });
  const logins = useQuery({ queryKey: HOST_LOGINS_KEY, queryFn: ({ signal }) => readHostLogins({ signal }) });
  const profiles = useQuery({ queryKey: ['host-profiles'], queryFn: ({ signal }) => readProfiles({ signal }) });
  const earlier = useQuery({
    queryKey: [...SETUPS_KEY, from, 'wishes'],
    queryFn: ({ signal }) => readSetup(from ?? '', { signal }),
    enabled: from !== undefined,
  });
  if (machine.power_state === 'poweredOff') {
    return (
      <Message icon="power" title={t('host_setup.off_title')}>
        <p>{t('host_setup.off')}</p>
      </Message>
    );
  }
  const missing = [logins, profiles, earlier].find((query) => query.isLoading || query.error !== null);
  if (missing !== undefined) return <QueryState query={missing} />;
  if (logins.data?.length === 0) return <NoLogins />;
  return (
    <SetupForm
      // Another earlier set-up brings other wishes.
      key={from ?? ''}
      machine={machine}
      logins={logins.data ?? []}
      profiles={profiles.data ?? { profiles: [], modules: [] }}
      wishes={earlier.data === undefined ? beginDraft(machine) : repeatDraft(earlier.data)}
      onPlanned={(setup) =>
        void navigate({
          to: '/machines/$serverId/$moid/setup/$setupId',
          params: { serverId: machine.server_id, moid: machine.moid, setupId: setup.id },
        })
      }
    />
  );
}
