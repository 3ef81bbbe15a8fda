import { useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { type ReactNode, useId } from 'react';
import { signOut } from '../api/portal.ts';
import { describeError } from '../i18n/describe-error.ts';
import { isLanguage, LANGUAGE_NAMES, LANGUAGES } from '../i18n/languages.ts';
import { useWords } from '../i18n/use-words.ts';
import { CheckField } from '../ui/field.tsx';
import { Icon } from '../ui/icon.tsx';
import { PopoverButton } from '../ui/popover-button.tsx';
import type { Preferences } from './preferences.ts';
import { useFeedStatus, usePreferences, useServices, useSession } from './services.ts';

export function AccountMenu({ onShowKeys }: { readonly onShowKeys: () => void }): ReactNode {
  const { t } = useWords();
  const session = useSession();
  return (
    <PopoverButton
      label={`${t('account.open')}: ${session.person?.username ?? ''}`}
      title={t('account.open')}
      content={(close) => (
        <AccountPanel
          onLeave={close}
          onShowKeys={() => {
            close();
            onShowKeys();
          }}
        />
      )}
    >
      <Icon name="account" />
      <span className="account-name">{session.person?.username}</span>
    </PopoverButton>
  );
}

function AccountPanel({ onShowKeys, onLeave }: { readonly onShowKeys: () => void; readonly onLeave: () => void }): ReactNode {
  const { t } = useWords();
  const { preferences, store, feed, notices } = useServices();
  const session = useSession();
  const chosen = usePreferences();
  const status = useFeedStatus();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const leave = async (): Promise<void> => {
    try {
      await signOut();
      feed.stop();
      store.clear();
      queries.clear();
      await navigate({ to: '/sign-in' });
    } catch (error) {
      notices.show({ kind: 'error', text: describeError(t, error) });
    }
  };
  return (
    <>
      {session.person === null ? null : (
        <p className="account-who">
          {t('account.signed_in_as', { name: session.person.username })} · <span className="muted">{t(`role.${session.person.role}`)}</span>
        </p>
      )}
      <Link to="/account" className="button" onClick={onLeave}>
        {t('account.settings')}
      </Link>
      <AppearanceFields preferences={chosen} onChange={(part) => preferences.change(part)} />
      <CheckField
        label={t('account.pause')}
        checked={status.kind === 'paused'}
        onChange={(event) => (event.target.checked ? feed.pause() : feed.resume())}
      />
      <CheckField
        label={t('account.shortcuts')}
        checked={chosen.shortcuts === 'on'}
        onChange={(event) => preferences.change({ shortcuts: event.target.checked ? 'on' : 'off' })}
      />
      <div className="button-row">
        <button type="button" className="button" onClick={onShowKeys}>
          <Icon name="keyboard" />
          {t('shortcuts.title')}
        </button>
        <button type="button" className="button" onClick={() => void leave()}>
          {t('account.sign_out')}
        </button>
      </div>
      <p className="muted small-text">{t('account.version', { version: session.version })}</p>
    </>
  );
}

export function AppearanceFields(props: {
  readonly preferences: Preferences;
  readonly onChange: (part: Partial<Preferences>) => void;
}): ReactNode {
  const { t } = useWords();
  const { preferences, onChange } = props;
  return (
    <div className="appearance">
      <Choice
        label={t('account.theme')}
        value={preferences.theme}
        choices={(['system', 'light', 'dark'] as const).map((value) => ({ value, label: t(`account.theme_${value}`) }))}
        onChoose={(theme) => onChange({ theme })}
      />
      <Choice
        label={t('account.density')}
        value={preferences.density}
        choices={(['small', 'medium', 'large'] as const).map((value) => ({ value, label: t(`account.density_${value}`) }))}
        onChoose={(density) => onChange({ density })}
      />
      <LanguageField />
    </div>
  );
}

/** Also on the pages before sign-in. */
export function LanguageField(): ReactNode {
  const { t } = useWords();
  const { preferences } = useServices();
  const { language } = usePreferences();
  const id = useId();
  return (
    <div className="choice">
      <label htmlFor={id}>{t('account.language')}</label>
      <select
        id={id}
        value={language}
        onChange={(event) => isLanguage(event.target.value) && preferences.change({ language: event.target.value })}
      >
        {LANGUAGES.map((code) => (
          <option key={code} value={code} lang={code}>
            {LANGUAGE_NAMES[code]}
          </option>
        ))}
      </select>
    </div>
  );
}

function Choice<Value extends string>(props: {
  readonly label: string;
  readonly value: Value;
  readonly choices: readonly { readonly value: Value; readonly label: string }[];
  readonly onChoose: (value: Value) => void;
}): ReactNode {
  const name = useId();
  return (
    <fieldset className="choice">
      <legend>{props.label}</legend>
      <div className="segmented">
        {props.choices.map((choice) => (
          <label key={choice.value} className="segment">
            <input type="radio" name={name} checked={choice.value === props.value} onChange={() => props.onChoose(choice.value)} />
            <span>{choice.label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
