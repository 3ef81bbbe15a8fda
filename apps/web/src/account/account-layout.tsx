import { Link, Outlet } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useMay } from '../app/services.ts';
import { useWords } from '../i18n/use-words.ts';
import './account.css';

/** Everybody's own part; administrators also find people, tokens and logins here. */
export function AccountLayout(): ReactNode {
  const { t } = useWords();
  const mayAdminister = useMay('admin');
  return (
    <div className="account-page">
      <h1>{t('account.title')}</h1>
      {mayAdminister ? (
        <nav className="account-tabs" aria-label={t('account.sections')}>
          <Link to="/account" activeOptions={{ exact: true }} className="account-tab">
            {t('account.own')}
          </Link>
          <Link to="/account/people" className="account-tab">
            {t('people.title')}
          </Link>
          <Link to="/account/tokens" className="account-tab">
            {t('tokens.title')}
          </Link>
          <Link to="/account/logins" className="account-tab">
            {t('host_login.title')}
          </Link>
        </nav>
      ) : null}
      <Outlet />
    </div>
  );
}
