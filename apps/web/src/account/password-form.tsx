import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useState } from 'react';
import { PASSWORD_MIN } from '../access/password-strength.ts';
import { StrengthHint } from '../access/strength-hint.tsx';
import { ApiError } from '../api/api-error.ts';
import { useServices } from '../app/services.ts';
import { describeError } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import { CheckField, Field } from '../ui/field.tsx';
import { focusFirstProblem } from '../ui/focus-soon.ts';
import { ErrorLine } from '../ui/message.tsx';
import { changeOwnPassword } from './requests.ts';

const EMPTY = { current: '', next: '', repeat: '' };

export function PasswordForm({ username }: { readonly username: string }): ReactNode {
  const { t } = useWords();
  const { notices } = useServices();
  const queries = useQueryClient();
  const [draft, setDraft] = useState(EMPTY);
  const [shows, setShows] = useState(false);
  const [wasTried, setTried] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);

  const missing = PASSWORD_MIN - Array.from(draft.next).length;
  const isWrong = failure instanceof ApiError && failure.code === 'ACCESS_PASSWORD_WRONG';
  const problems = {
    current: isWrong ? describeError(t, failure) : wasTried && draft.current === '' ? t('access.required') : null,
    next: wasTried && missing > 0 ? t('access.password_short', { count: missing }) : null,
    repeat: wasTried && draft.repeat !== draft.next ? t('access.repeat_differs') : null,
  };
  const change = (part: Partial<typeof EMPTY>): void => {
    setDraft({ ...draft, ...part });
    if (part.current !== undefined) setFailure(null);
  };

  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget;
    setTried(true);
    if (draft.current === '' || missing > 0 || draft.repeat !== draft.next) {
      focusFirstProblem(form);
      return;
    }
    setBusy(true);
    setFailure(null);
    try {
      await changeOwnPassword({ current_password: draft.current, new_password: draft.next });
      setDraft(EMPTY);
      setTried(false);
      notices.show({ kind: 'ok', text: t('account.password_changed') });
      await queries.invalidateQueries({ queryKey: ['own-sessions'] });
    } catch (error) {
      setFailure(error);
      focusFirstProblem(form);
    } finally {
      setBusy(false);
    }
  };

  const kind = shows ? 'text' : 'password';
  return (
    <form className="form" noValidate onSubmit={(event) => void submit(event)}>
      {/* Password managers file the new password under this name. */}
      <input type="text" name="username" autoComplete="username" value={username} readOnly hidden />
      <Field
        label={t('account.password_current')}
        type={kind}
        autoComplete="current-password"
        maxLength={1024}
        value={draft.current}
        error={problems.current}
        onChange={(event) => change({ current: event.target.value })}
      />
      <Field
        label={t('account.password_new')}
        type={kind}
        autoComplete="new-password"
        maxLength={1024}
        value={draft.next}
        error={problems.next}
        hint={<StrengthHint password={draft.next} />}
        onChange={(event) => change({ next: event.target.value })}
      />
      <Field
        label={t('account.password_repeat')}
        type={kind}
        autoComplete="new-password"
        maxLength={1024}
        value={draft.repeat}
        error={problems.repeat}
        onChange={(event) => change({ repeat: event.target.value })}
      />
      <CheckField label={t('access.show_password')} checked={shows} onChange={(event) => setShows(event.target.checked)} />
      <p className="muted small-text">{t('account.password_ends')}</p>
      {failure === null || isWrong ? null : <ErrorLine>{describeError(t, failure)}</ErrorLine>}
      <div>
        <button type="submit" className="button primary" disabled={isBusy}>
          {isBusy ? t('account.password_changing') : t('account.password_change')}
        </button>
      </div>
    </form>
  );
}
