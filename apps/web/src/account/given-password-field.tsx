import type { ReactNode } from 'react';
import { StrengthHint } from '../access/strength-hint.tsx';
import { useWords } from '../i18n/use-words.ts';
import { Field } from '../ui/field.tsx';
import { suggestPassword } from './suggest-password.ts';

/** A password that is made up for somebody else: readable, because it has to be passed on. */
export function GivenPasswordField(props: {
  readonly value: string;
  readonly error: string | null;
  /** Where it is the first field of a form that somebody has just opened. */
  readonly takesFocus: 'yes' | 'no';
  readonly onChange: (password: string) => void;
}): ReactNode {
  const { t } = useWords();
  return (
    <div className="given-password">
      <Field
        label={t('people.password')}
        type="text"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        autoFocus={props.takesFocus === 'yes'}
        maxLength={1024}
        value={props.value}
        error={props.error}
        hint={<StrengthHint password={props.value} />}
        onChange={(event) => props.onChange(event.target.value)}
      />
      <div>
        <button
          type="button"
          className="button small"
          onClick={() => props.onChange(suggestPassword((bytes) => crypto.getRandomValues(bytes)))}
        >
          {t('people.password_suggest')}
        </button>
      </div>
    </div>
  );
}
