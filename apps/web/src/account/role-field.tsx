import type { Role } from '@breakwater/contract';
import { type ReactNode, useId } from 'react';
import { useWords } from '../i18n/use-words.ts';

const ROLES = ['viewer', 'operator', 'admin'] as const;

/** The three roles, each with what it may do. */
export function RoleField(props: { readonly value: Role; readonly onChoose: (role: Role) => void }): ReactNode {
  const { t } = useWords();
  const name = useId();
  return (
    <fieldset className="choices">
      <legend>{t('people.role')}</legend>
      {ROLES.map((role) => (
        <div key={role} className="choice">
          <input
            id={`${name}-${role}`}
            type="radio"
            name={name}
            checked={role === props.value}
            aria-describedby={`${name}-${role}-hint`}
            onChange={() => props.onChoose(role)}
          />
          <label htmlFor={`${name}-${role}`}>{t(`role.${role}`)}</label>
          <p id={`${name}-${role}-hint`} className="hint">
            {t(`role_hint.${role}`)}
          </p>
        </div>
      ))}
    </fieldset>
  );
}
