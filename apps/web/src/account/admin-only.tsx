import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useWords } from '../i18n/use-words.ts';
import { Message } from '../ui/message.tsx';

/** For whoever follows an administrator's link without being one. */
export function AdminOnly(): ReactNode {
  const { t } = useWords();
  return (
    <Message
      icon="account"
      title={t('people.admin_only')}
      action={
        <Link to="/account" className="button">
          {t('account.own')}
        </Link>
      }
    >
      <p>{t('error.PORTAL_FORBIDDEN')}</p>
    </Message>
  );
}
