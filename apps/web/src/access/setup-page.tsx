import { type FormEvent, type ReactNode, useState } from 'react';
import { setUp } from '../api/portal.ts';
import { useTitle } from '../app/use-title.ts';
import { describeError } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import { CheckField, Field } from '../ui/field.tsx';
import { ErrorLine } from '../ui/message.tsx';
import { AccessFrame } from './access-frame.tsx';
import { PASSWORD_MIN } from './password-strength.ts';
import { readText } from './read-text.ts';
import { StrengthHint } from './strength-hint.tsx';
import { useEnter } from './use-enter.ts';

/** First run: whoever has the token printed by the program becomes the first administrator. */
export function SetupPage(): ReactNode {
  const { t } = useWords();
  const enter = useEnter();
  const [password, setPassword] = useState('');
  const [repeat, setRepeat] = useState('');
  const [shows, setShows] = useState(false);
  const [wasTried, setTried] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  useTitle(t('access.setup_title'));

  const missing = PASSWORD_MIN - Array.from(password).length;
  const repeatError = wasTried && repeat !== password ? t('access.repeat_differs') : null;
  const passwordError = wasTried && missing > 0 ? t('access.password_short', { count: missing }) : null;

  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    setTried(true);
    if (missing > 0 || repeat !== password) return;
    setBusy(true);
    setFailure(null);
    try {
      await setUp({ token: readText(data, 'token').trim(), username: readText(data, 'username').trim(), password });
      await enter('/');
    } catch (error) {
      setFailure(error);
    } finally {
      setBusy(false);
    }
  };

  const kind = shows ? 'text' : 'password';
  return (
    <AccessFrame title={t('access.setup_title')}>
      <p>{t('access.setup_intro')}</p>
      <form className="form" onSubmit={(event) => void submit(event)}>
        <Field
          label={t('access.setup_token')}
          name="token"
          autoComplete="off"
          spellCheck={false}
          autoCapitalize="none"
          required
          maxLength={200}
        />
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
          label={t('access.setup_password')}
          type={kind}
          autoComplete="new-password"
          required
          maxLength={1024}
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          error={passwordError}
          hint={<StrengthHint password={password} />}
        />
        <Field
          label={t('access.setup_repeat')}
          type={kind}
          autoComplete="new-password"
          required
          maxLength={1024}
          value={repeat}
          onChange={(event) => setRepeat(event.target.value)}
          error={repeatError}
        />
        <CheckField label={t('access.show_password')} checked={shows} onChange={(event) => setShows(event.target.checked)} />
        {failure === null ? null : <ErrorLine>{describeError(t, failure)}</ErrorLine>}
        <button type="submit" className="button primary wide" disabled={isBusy}>
          {isBusy ? t('access.setup_submitting') : t('access.setup_submit')}
        </button>
      </form>
    </AccessFrame>
  );
}
