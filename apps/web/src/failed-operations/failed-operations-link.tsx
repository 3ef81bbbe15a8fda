import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useWords } from '../i18n/use-words.ts';
import { Icon } from '../ui/icon.tsx';
import { useFailedOperations } from './use-failed-operations.ts';

export function FailedOperationsLink(): ReactNode {
  const { t } = useWords();
  const { data } = useFailedOperations();
  const total = data?.total ?? 0;
  return (
    <Link to="/failed-operations" className="menu-link">
      <Icon name="alert" />
      <span className="when-wide">{t('failed.title')}</span>
      <span className="when-narrow">{t('failed.short')}</span>
      {total === 0 ? null : <span className="count warn">{total}</span>}
    </Link>
  );
}
