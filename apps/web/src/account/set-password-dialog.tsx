import type { Person } from '@breakwater/contract';
import { type FormEvent, type ReactNode, useState } from 'react';
import { PASSWORD_MIN } from '../access/password-strength.ts';
import { useServices } from '../app/services.ts';
import { useDeed } from '../app/use-deed.ts';
import { describeError } from '../i18n/describe-error.ts';
import { useWords } from '../i18n/use-words.ts';
import { Dialog } from '../ui/dialog.tsx';
import { focusFirstProblem } from '../ui/focus-soon.ts';
import { ErrorLine } from '../ui/message.tsx';
import { GivenPasswordField } from './given-password-field.tsx';
import { updatePerson } from './requests.ts';

export function SetPasswordDialog({ person, onClose }: { readonly person: Person; readonly onClose: () => void }): ReactNode {
  const { t } = useWords();
  const { notices } = useServices();
  const [password, setPassword] = useState('');
  const [wasTried, setTried] = useState(false);
  const { failure, isBusy, run } = useDeed();
  const missing = PASSWORD_MIN - Array.from(password).length;
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    setTried(true);
    if (missing > 0) {
      focusFirstProblem(event.currentTarget);
      return;
    }
    const isDone = await run(async () => void (await updatePerson(person.id, { password })));
    if (!isDone) return;
    notices.show({ kind: 'ok', text: t('people.password_set', { name: person.username }) });
    onClose();
  };
  return (
    <Dialog role="alertdialog" title={t('people.set_password_of', { name: person.username })} onClose={onClose}>
      <p>{t('people.set_password_text')}</p>
      <form className="form" noValidate autoComplete="off" onSubmit={(event) => void submit(event)}>
        <GivenPasswordField
          takesFocus="yes"
          value={password}
          error={wasTried && missing > 0 ? t('access.password_short', { count: missing }) : null}
          onChange={setPassword}
        />
        <p className="muted small-text">{t('people.password_hand_over')}</p>
        {failure === null ? null : <ErrorLine>{describeError(t, failure)}</ErrorLine>}
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            {t('app.cancel')}
          </button>
          <button type="submit" className="button primary" disabled={isBusy}>
            {isBusy ? t('server_form.saving') : t('people.set_password')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
