import { useSearch } from '@tanstack/react-router';
import { type FormEvent, type ReactNode, useState } from 'react';
import { signIn } from '../api/portal.ts';
import { useTitle } from '../app/use-title.ts';
import { describeError } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import { CheckField, Field } from '../ui/field.tsx';
import { ErrorLine } from '../ui/message.tsx';
import { AccessFrame } from './access-frame.tsx';
import { readText } from './read-text.ts';
import { useEnter } from './use-enter.ts';

export function SignInPage(): ReactNode {
  const { t } = useWords();
  const { next } = useSearch({ from: '/sign-in' });
  const enter = useEnter();
  const [failure, setFailure] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const [shows, setShows] = useState(false);
  useTitle(t('access.sign_in_title'));

  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    setBusy(true);
    setFailure(null);
    try {
      await signIn({ username: readText(data, 'username').trim(), password: readText(data, 'password') });
      await enter(next);
    } catch (error) {
      setFailure(error);
    } finally {
      setBusy(false);
    }
  };

  return (
    <AccessFrame title={t('access.sign_in_title')}>
      <form className="form" onSubmit={(event) => void submit(event)}>
        <Field
          label={t('access.username')}
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
          maxLength={64}
        />
        <Field
          label={t('access.password')}
          name="password"
          type={shows ? 'text' : 'password'}
          autoComplete="current-password"
          required
          maxLength={1024}
        />
        <CheckField label={t('access.show_password')} checked={shows} onChange={(event) => setShows(event.target.checked)} />
        {failure === null ? null : <ErrorLine>{describeError(t, failure)}</ErrorLine>}
        <button type="submit" className="button primary wide" disabled={isBusy}>
          {isBusy ? t('access.signing_in') : t('access.sign_in')}
        </button>
      </form>
    </AccessFrame>
  );
}
