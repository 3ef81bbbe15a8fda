import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useMay } from '../app/services.ts';
import { useWords } from '../i18n/use-words.ts';
import { Message } from '../ui/message.tsx';

/** Nobody can sign in to the machine yet: what to do about it. */
export function NoLogins(): ReactNode {
  const { t } = useWords();
  const mayAdminister = useMay('admin');
  return (
    <Message
      icon="account"
      title={t('host_setup.no_logins')}
      action={
        mayAdminister ? (
          <Link to="/account/logins" className="button primary">
            {t('host_setup.add_login')}
          </Link>
        ) : undefined
      }
    >
      <p>{mayAdminister ? t('host_setup.no_logins_admin') : t('host_setup.no_logins_operator')}</p>
    </Message>
  );
}
