import type { Person } from '@breakwater/contract';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useRef, useState } from 'react';
import { useMay, useSession } from '../app/services.ts';
import { useTitle } from '../app/use-title.ts';
import { useWords } from '../i18n/use-words.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { Icon } from '../ui/icon.tsx';
import { QueryState } from '../ui/query-state.tsx';
import { AddPersonDialog } from './add-person-dialog.tsx';
import { AdminOnly } from './admin-only.tsx';
import { ChangeRoleDialog } from './change-role-dialog.tsx';
import { PeopleTable, type PersonAct } from './people-table.tsx';
import { readPeople, removePerson } from './requests.ts';
import { SetPasswordDialog } from './set-password-dialog.tsx';

type Opened = { readonly kind: 'add' } | { readonly kind: PersonAct; readonly person: Person };

export function PeoplePage(): ReactNode {
  const { t } = useWords();
  useTitle(t('people.title'));
  return useMay('admin') ? <People /> : <AdminOnly />;
}

function People(): ReactNode {
  const { t } = useWords();
  const { person: self } = useSession();
  const queries = useQueryClient();
  const heading = useRef<HTMLHeadingElement>(null);
  const [opened, setOpened] = useState<Opened | null>(null);
  const people = useQuery({ queryKey: ['people'], queryFn: ({ signal }) => readPeople({ signal }) });
  const changed = async (id: string | null): Promise<void> => {
    await queries.invalidateQueries({ queryKey: ['people'] });
    // Whoever changes the own role sees at once what is left of it.
    if (id === self?.id) await queries.invalidateQueries({ queryKey: ['session'] });
  };
  const close = (): void => setOpened(null);
  return (
    <>
      <div className="page-head">
        <div>
          <h2 ref={heading} tabIndex={-1}>
            {t('people.title')}
          </h2>
          <p className="muted">{t('people.intro')}</p>
        </div>
        <button type="button" className="button primary" onClick={() => setOpened({ kind: 'add' })}>
          <Icon name="plus" />
          {t('people.add')}
        </button>
      </div>
      <QueryState query={people} />
      {people.data === undefined ? null : (
        <PeopleTable people={people.data} selfId={self?.id ?? null} onAct={(kind, person) => setOpened({ kind, person })} />
      )}
      {opened?.kind === 'add' ? <AddPersonDialog onAdded={() => changed(null)} onClose={close} /> : null}
      {opened?.kind === 'role' ? (
        <ChangeRoleDialog
          person={opened.person}
          isSelf={opened.person.id === self?.id}
          onChanged={() => changed(opened.person.id)}
          onClose={close}
        />
      ) : null}
      {opened?.kind === 'password' ? <SetPasswordDialog person={opened.person} onClose={close} /> : null}
      {opened?.kind === 'remove' ? (
        <ConfirmDialog
          title={t('people.remove_title', { name: opened.person.username })}
          text={t('people.remove_text')}
          action={t('people.remove')}
          done={t('people.removed', { name: opened.person.username })}
          act={async () => {
            await removePerson(opened.person.id);
            await changed(null);
          }}
          onClose={close}
          focusAfter={heading}
        />
      ) : null}
    </>
  );
}
