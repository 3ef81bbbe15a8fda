import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useFeedStatus } from '../app/services.ts';
import { useWords } from '../i18n/use-words.ts';
import { Message } from '../ui/message.tsx';

/** In place of a page about a machine that is not there, or not yet. */
export function NoMachine(): ReactNode {
  const status = useFeedStatus();
  const { t } = useWords();
  if (status.kind === 'starting') return <p role="status">{t('app.loading')}</p>;
  return (
    <Message
      icon="question"
      heading="h1"
      title={t('machine.gone_title')}
      action={
        <Link to="/" className="button primary">
          {t('app.back')}
        </Link>
      }
    >
      <p>{t('machine.gone_text')}</p>
    </Message>
  );
}
