import { Link, useRouter } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { describeError } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import { Message } from '../ui/message.tsx';
import { useTitle } from './use-title.ts';

export function NotFoundPage(): ReactNode {
  const { t } = useWords();
  useTitle(t('app.not_found'));
  return (
    <main className="content">
      <Message
        icon="question"
        heading="h1"
        title={t('app.not_found')}
        action={
          <Link to="/" className="button primary">
            {t('app.back')}
          </Link>
        }
      >
        <p>{t('app.not_found_text')}</p>
      </Message>
    </main>
  );
}

export function BrokenPage({ error, reset }: { readonly error: unknown; readonly reset: () => void }): ReactNode {
  const { t } = useWords();
  const router = useRouter();
  useTitle(t('app.broken'));
  return (
    <main className="content">
      <Message
        icon="alert"
        heading="h1"
        title={t('app.broken')}
        action={
          <button
            type="button"
            className="button primary"
            onClick={() => {
              reset();
              void router.invalidate();
            }}
          >
            {t('app.try_again')}
          </button>
        }
      >
        <p>{t('app.broken_text')}</p>
        <p className="muted">{describeError(t, error)}</p>
      </Message>
    </main>
  );
}
