import type { ReactNode } from 'react';
import { AppearanceFields } from '../app/account-menu.tsx';
import { usePreferences, useServices, useSession } from '../app/services.ts';
import { useTitle } from '../app/use-title.ts';
import { useWords } from '../i18n/use-words.ts';
import { CheckField } from '../ui/field.tsx';
import { OwnSessions } from './own-sessions.tsx';
import { PasswordForm } from './password-form.tsx';

export function OwnPage(): ReactNode {
  const { t } = useWords();
  const { preferences } = useServices();
  const chosen = usePreferences();
  const { person, demo } = useSession();
  useTitle(t('account.title'));
  if (person === null) return null;
  return (
    <div className="account-columns">
      <div className="account-column">
        <section className="panel account-section" aria-labelledby="account-who">
          <h2 id="account-who">{t('account.you')}</h2>
          <dl className="facts">
            <div className="fact">
              <dt>{t('access.username')}</dt>
              <dd>{person.username}</dd>
            </div>
            <div className="fact">
              <dt>{t('people.role')}</dt>
              <dd>
                {t(`role.${person.role}`)} <span className="muted">· {t(`role_hint.${person.role}`)}</span>
              </dd>
            </div>
          </dl>
        </section>
        <section className="panel account-section" aria-labelledby="account-password">
          <h2 id="account-password">{t('account.password')}</h2>
          {demo ? <p className="muted">{t('account.password_demo')}</p> : null}
          <PasswordForm username={person.username} />
        </section>
      </div>
      <div className="account-column">
        <OwnSessions />
        <section className="panel account-section" aria-labelledby="account-appearance">
          <h2 id="account-appearance">{t('account.appearance')}</h2>
          <p className="muted">{t('account.appearance_hint')}</p>
          <AppearanceFields preferences={chosen} onChange={(part) => preferences.change(part)} />
          <CheckField
            label={t('account.shortcuts')}
            checked={chosen.shortcuts === 'on'}
            onChange={(event) => preferences.change({ shortcuts: event.target.checked ? 'on' : 'off' })}
          />
        </section>
      </div>
    </div>
  );
}
