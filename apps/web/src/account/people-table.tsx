import type { Person } from '@breakwater/contract';
import type { ReactNode } from 'react';
import { useWords } from '../i18n/use-words.ts';

export type PersonAct = 'role' | 'password' | 'remove';

export function PeopleTable(props: {
  readonly people: readonly Person[];
  readonly selfId: string | null;
  readonly onAct: (act: PersonAct, person: Person) => void;
}): ReactNode {
  const { t, format } = useWords();
  const administrators = props.people.filter((person) => person.role === 'admin');
  return (
    <table className="table labelled" aria-label={t('people.title')}>
      <thead>
        <tr>
          <th scope="col">{t('access.username')}</th>
          <th scope="col">{t('people.role')}</th>
          <th scope="col">{t('people.since')}</th>
          <th scope="col">{t('machines.actions')}</th>
        </tr>
      </thead>
      <tbody>
        {props.people
          .toSorted((left, right) => format.collator.compare(left.username, right.username))
          .map((person) => (
            <tr key={person.id}>
              <td data-label={t('access.username')}>
                <strong>{person.username}</strong> {person.id === props.selfId ? <span className="badge">{t('people.self')}</span> : null}
              </td>
              <td data-label={t('people.role')}>{t(`role.${person.role}`)}</td>
              <td data-label={t('people.since')}>
                <time dateTime={person.created_at}>{format.dateTime(person.created_at)}</time>
              </td>
              <td data-label={t('machines.actions')}>
                <PersonActs
                  person={person}
                  isSelf={person.id === props.selfId}
                  isLastAdministrator={administrators.length === 1 && person.role === 'admin'}
                  onAct={props.onAct}
                />
              </td>
            </tr>
          ))}
      </tbody>
    </table>
  );
}

function PersonActs(props: {
  readonly person: Person;
  readonly isSelf: boolean;
  readonly isLastAdministrator: boolean;
  readonly onAct: (act: PersonAct, person: Person) => void;
}): ReactNode {
  const { t } = useWords();
  const { person, isSelf, isLastAdministrator, onAct } = props;
  const name = person.username;
  if (isLastAdministrator) {
    return (
      <div className="row-acts">
        {isSelf ? null : <SetPasswordButton person={person} onAct={onAct} />}
        <p className="muted small-text">{t('people.last_administrator')}</p>
      </div>
    );
  }
  return (
    <div className="button-row">
      <button
        type="button"
        className="button small"
        aria-label={t('people.change_role_of', { name })}
        onClick={() => onAct('role', person)}
      >
        {t('people.change_role')}
      </button>
      {isSelf ? null : (
        <>
          <SetPasswordButton person={person} onAct={onAct} />
          <button
            type="button"
            className="button small"
            aria-label={t('people.remove_of', { name })}
            onClick={() => onAct('remove', person)}
          >
            {t('people.remove')}
          </button>
        </>
      )}
    </div>
  );
}

function SetPasswordButton(props: { readonly person: Person; readonly onAct: (act: PersonAct, person: Person) => void }): ReactNode {
  const { t } = useWords();
  return (
    <button
      type="button"
      className="button small"
      aria-label={t('people.set_password_of', { name: props.person.username })}
      onClick={() => props.onAct('password', props.person)}
    >
      {t('people.set_password')}
    </button>
  );
}
